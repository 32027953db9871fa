/*
 * The registers this port touches, from the RP2040 data sheet (chapter numbers beside each block). Blocks
 * under RESETS must be released before they are touched.
 */
#ifndef MJ_RP2040_H
#define MJ_RP2040_H

#include <stdint.h>

#define MJ_REG(address) (*(volatile uint32_t *)(uintptr_t)(address))
/* Atomic aliases of APB blocks (2.1.2). */
#define MJ_REG_SET(address) MJ_REG((address) + 0x2000u)
#define MJ_REG_CLEAR(address) MJ_REG((address) + 0x3000u)

/* 2.14 RESETS */
#define RESETS_RESET 0x4000c000u
#define RESETS_RESET_DONE 0x4000c008u
#define RESETS_ALL 0x01ffffffu
#define RESETS_IO_BANK0 (1u << 5)
#define RESETS_IO_QSPI (1u << 6)
#define RESETS_PADS_BANK0 (1u << 8)
#define RESETS_PADS_QSPI (1u << 9)
#define RESETS_PLL_SYS (1u << 12)
#define RESETS_TIMER (1u << 21)
#define RESETS_UART0 (1u << 22)

/* 2.15 CLOCKS */
#define CLOCKS_REF_CTRL 0x40008030u
#define CLOCKS_REF_DIV 0x40008034u
#define CLOCKS_REF_SELECTED 0x40008038u
#define CLOCKS_SYS_CTRL 0x4000803cu
#define CLOCKS_SYS_DIV 0x40008040u
#define CLOCKS_SYS_SELECTED 0x40008044u
#define CLOCKS_PERI_CTRL 0x40008048u
#define CLOCKS_REF_SRC_ROSC 0u
#define CLOCKS_REF_SRC_XOSC 2u
#define CLOCKS_SYS_SRC_REF 0u
#define CLOCKS_SYS_SRC_AUX 1u /* AUXSRC 0 = PLL_SYS */
#define CLOCKS_PERI_ENABLE (1u << 11)
#define CLOCKS_DIV_ONE 0x100u

/* 2.16 XOSC */
#define XOSC_CTRL 0x40024000u
#define XOSC_STATUS 0x40024004u
#define XOSC_STARTUP 0x4002400cu
#define XOSC_CTRL_ENABLE_1_15MHZ 0x00fabaa0u
#define XOSC_STATUS_STABLE (1u << 31)

/* 2.18 PLL_SYS */
#define PLL_SYS_CS 0x40028000u
#define PLL_SYS_PWR 0x40028004u
#define PLL_SYS_FBDIV_INT 0x40028008u
#define PLL_SYS_PRIM 0x4002800cu
#define PLL_CS_LOCK (1u << 31)
#define PLL_PWR_PD (1u << 0)
#define PLL_PWR_POSTDIVPD (1u << 3)
#define PLL_PWR_VCOPD (1u << 5)

/* 2.13 PSM, 4.7 WATCHDOG */
#define PSM_WDSEL 0x40010008u
#define PSM_WDSEL_ALL_BUT_OSCILLATORS 0x0001fffcu
#define WATCHDOG_CTRL 0x40058000u
#define WATCHDOG_SCRATCH(n) (0x4005800cu + 4u * (n))
#define WATCHDOG_TICK 0x4005802cu
#define WATCHDOG_CTRL_TRIGGER (1u << 31)
#define WATCHDOG_TICK_ENABLE (1u << 9)

/* 2.19 IO_BANK0, PADS_BANK0 */
#define IO_GPIO_CTRL(n) (0x40014004u + 8u * (n))
#define IO_FUNCTION_UART 2u
#define IO_FUNCTION_SIO 5u
#define PADS_GPIO(n) (0x4001c004u + 4u * (n))
#define PADS_INPUT_PULL_UP 0x4au /* IE, PUE, Schmitt */

/* 2.3.1 SIO */
#define SIO_GPIO_OUT 0xd0000010u
#define SIO_GPIO_OE_SET 0xd0000024u

/* 4.2 UART0 (PL011) */
#define UART0_DR 0x40034000u
#define UART0_FR 0x40034018u
#define UART0_IBRD 0x40034024u
#define UART0_FBRD 0x40034028u
#define UART0_LCR_H 0x4003402cu
#define UART0_CR 0x40034030u
#define UART0_IFLS 0x40034034u
#define UART0_IMSC 0x40034038u
#define UART0_ICR 0x40034044u
#define UART_DR_FRAMING (1u << 8)
#define UART_DR_BREAK (1u << 10)
#define UART_DR_OVERRUN (1u << 11)
#define UART_FR_BUSY (1u << 3)
#define UART_FR_RXFE (1u << 4)
#define UART_FR_TXFF (1u << 5)
#define UART_LCR_8N1_FIFO 0x70u
#define UART_CR_ENABLE_TX_RX 0x301u
#define UART_IFLS_RX_QUARTER 0x08u /* RX at 1/4 of 32, TX at 1/8 */
#define UART_INT_RX (1u << 4)
#define UART_INT_RX_TIMEOUT (1u << 6)
#define UART_INT_ALL 0x7ffu

/* 4.6 TIMER */
#define TIMER_ALARM0 0x40054010u
#define TIMER_ARMED 0x40054020u
#define TIMER_RAWH 0x40054024u
#define TIMER_RAWL 0x40054028u
#define TIMER_INTR 0x40054034u
#define TIMER_INTE 0x40054038u

/* Cortex-M0+ private: 2.4.8 */
#define SYST_CSR 0xe000e010u
#define SYST_RVR 0xe000e014u
#define SYST_CVR 0xe000e018u
#define NVIC_ISER 0xe000e100u
#define NVIC_ICPR 0xe000e280u
#define SCB_VTOR 0xe000ed08u
#define IRQ_TIMER_0 0u
#define IRQ_UART0 20u

/*
 * What WATCHDOG scratch 0 holds after a safe stop: 'MJ' in the high half, one of these in the low one;
 * scratch 1 then holds the address or register that explains it. Readable over SWD or by the next image.
 */
#define MJ_FAULT_MARK 0x4a4d0000u
enum {
  MJ_FAULT_XOSC = 1,
  MJ_FAULT_PLL = 2,
  MJ_FAULT_CLK_REF = 3,
  MJ_FAULT_CLK_SYS = 4,
  MJ_FAULT_RESETS = 5,
  MJ_FAULT_TIMER = 6,
  MJ_FAULT_EXCEPTION = 7,
};

#endif
