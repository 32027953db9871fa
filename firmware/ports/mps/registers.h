/* Armv7-M system registers (Arm DDI 0403, B3) and the CMSDK UART (Arm DDI 0479, 4.3), which these boards
 * share. */
#ifndef MJ_MPS_REGISTERS_H
#define MJ_MPS_REGISTERS_H

#include <stdint.h>

#define REG(address) (*(volatile uint32_t *)(uintptr_t)(address))

#define SYST_CSR 0xe000e010u
#define SYST_RVR 0xe000e014u
#define SYST_CVR 0xe000e018u
#define SYST_ENABLE 1u
#define SYST_INTERRUPT 2u
#define SYST_CORE_CLOCK 4u
#define NVIC_ISER(word) (0xe000e100u + 4u * (word))
#define NVIC_ICPR(word) (0xe000e280u + 4u * (word))
#define ICSR 0xe000ed04u
#define ICSR_PENDSTCLR (1u << 25)
#define ICSR_PENDSTSET (1u << 26)
#define VTOR 0xe000ed08u
#define AIRCR 0xe000ed0cu
#define AIRCR_RESET 0x05fa0004u
#define CPACR 0xe000ed88u

#define UART_DATA (UART_BASE + 0x00u)
#define UART_STATE (UART_BASE + 0x04u)
#define UART_CTRL (UART_BASE + 0x08u)
#define UART_INTCLEAR (UART_BASE + 0x0cu)
#define UART_BAUDDIV (UART_BASE + 0x10u)
#define UART_TX_FULL 1u
#define UART_RX_FULL 2u
#define UART_ENABLE_TX_RX 3u
#define UART_RX_INTERRUPT 8u
#define UART_RX_INTERRUPT_CLEAR 2u

#endif
