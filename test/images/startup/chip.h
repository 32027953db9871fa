/* Registers the test images touch: RP2040 data sheet, chapters beside the blocks. */
#ifndef MJ_IMAGE_CHIP_H
#define MJ_IMAGE_CHIP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define REG(address) (*(volatile uint32_t *)(uintptr_t)(address))
#define REG_XOR(address) REG((address) + 0x1000u)
#define REG_SET(address) REG((address) + 0x2000u)
#define REG_CLEAR(address) REG((address) + 0x3000u)

/* 2.14 */
#define RESETS_RESET 0x4000c000u
#define RESETS_DONE 0x4000c008u
#define RESETS_ALL 0x01ffffffu
enum {
  RESET_ADC = 1 << 0,
  RESET_IO_BANK0 = 1 << 5,
  RESET_IO_QSPI = 1 << 6,
  RESET_PADS_QSPI = 1 << 9,
  RESET_PLL_SYS = 1 << 12,
  RESET_PLL_USB = 1 << 13,
  RESET_RTC = 1 << 15,
  RESET_SPI0 = 1 << 16,
  RESET_SPI1 = 1 << 17,
  RESET_SYSCFG = 1 << 18,
  RESET_UART0 = 1 << 22,
  RESET_UART1 = 1 << 23,
  RESET_USBCTRL = 1 << 24,
};

/* 2.15 */
#define CLOCKS 0x40008000u
enum { CLK_REF = 0x30, CLK_SYS = 0x3c, CLK_PERI = 0x48, CLK_USB = 0x54, CLK_ADC = 0x60, CLK_RTC = 0x6c };
enum { CTRL = 0, DIV = 4, SELECTED = 8 };
#define CLK_ENABLE (1u << 11)
#define RESUS_CTRL (CLOCKS + 0x78u)
#define FC0_REF_KHZ (CLOCKS + 0x80u)
#define FC0_MIN_KHZ (CLOCKS + 0x84u)
#define FC0_MAX_KHZ (CLOCKS + 0x88u)
#define FC0_INTERVAL (CLOCKS + 0x90u)
#define FC0_SRC (CLOCKS + 0x94u)
#define FC0_STATUS (CLOCKS + 0x98u)
#define FC0_RESULT (CLOCKS + 0x9cu)

/* 2.16, 2.17, 2.18 */
#define XOSC_CTRL 0x40024000u
#define XOSC_STATUS 0x40024004u
#define XOSC_STARTUP 0x4002400cu
#define ROSC_RANDOMBIT 0x4006001cu
#define PLL_SYS 0x40028000u
#define PLL_USB 0x4002c000u

/* 2.3.1 */
#define SIO 0xd0000000u
#define SIO_CPUID SIO
#define SIO_GPIO_OUT_SET (SIO + 0x14u)
#define SIO_GPIO_OUT_CLEAR (SIO + 0x18u)
#define SIO_GPIO_OUT_TOGGLE (SIO + 0x1cu)
#define SIO_GPIO_OE_SET (SIO + 0x24u)
#define SIO_SPINLOCK_STATE (SIO + 0x5cu)
#define SIO_DIVIDEND (SIO + 0x60u)
#define SIO_DIVISOR (SIO + 0x64u)
#define SIO_SIGNED_DIVIDEND (SIO + 0x68u)
#define SIO_SIGNED_DIVISOR (SIO + 0x6cu)
#define SIO_QUOTIENT (SIO + 0x70u)
#define SIO_REMAINDER (SIO + 0x74u)
#define SIO_DIVIDER_STATE (SIO + 0x78u)
#define SIO_SPINLOCK(n) (SIO + 0x100u + 4u * (n))

/* 2.19 */
#define IO_CTRL(pin) (0x40014004u + 8u * (pin))
#define IO_QSPI_SS_CTRL 0x4001800cu
#define PAD(pin) (0x4001c004u + 4u * (pin))
#define PAD_IE (1u << 6)
#define PAD_OD (1u << 7)
enum { FUNCTION_UART = 2, FUNCTION_SIO = 5 };

/* 2.13, 4.7, 2.22 */
#define PSM_WDSEL 0x40010008u
#define WATCHDOG_CTRL 0x40058000u
#define WATCHDOG_LOAD 0x40058004u
#define WATCHDOG_REASON 0x40058008u
#define WATCHDOG_SCRATCH(n) (0x4005800cu + 4u * (n))
#define WATCHDOG_TICK 0x4005802cu
#define TBMAN_PLATFORM 0x4006c000u

/* 4.6 */
#define TIMER_ALARM(n) (0x40054010u + 4u * (n))
#define TIMER_ARMED 0x40054020u
#define TIMER_RAWH 0x40054024u
#define TIMER_RAWL 0x40054028u
#define TIMER_INTR 0x40054034u
#define TIMER_INTE 0x40054038u

/* 4.2 */
#define UART(n) (0x40034000u + 0x4000u * (n))
enum { UART_DR = 0, UART_FR = 0x18, UART_IBRD = 0x24, UART_FBRD = 0x28, UART_LCR_H = 0x2c, UART_CR = 0x30 };
enum { UART_DMACR = 0x48 };

/* 2.4 */
#define NVIC_ISER 0xe000e100u
#define NVIC_ICER 0xe000e180u
#define NVIC_ICPR 0xe000e280u
#define NVIC_IPR(n) (0xe000e400u + 4u * (n))
#define SCB_VTOR 0xe000ed08u

/* 4.10 */
#define SSI_SR 0x18000028u
#define SSI_DR0 0x18000060u

#endif
