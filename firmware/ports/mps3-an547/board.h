/* Arm MPS3 with the image AN547 (Corstone SSE-300, Cortex-M55) as QEMU has it. Arm DAI0547: memory map,
 * interrupts. */
#ifndef MJ_MPS3_AN547_BOARD_H
#define MJ_MPS3_AN547_BOARD_H

#define BOARD_ID "mps3-an547"
#define FLASH_BASE 0x01000000u /* code SRAM; the ITCM at 0 holds nothing but the two boot words */
#define FLASH_BYTES (2u * 1024u * 1024u)
#define UART_BASE 0x59303000u /* the secure alias: the core boots secure */
/* Interrupts 33 and 34: receive and transmit of UART0; only the receiver's is enabled in the UART. */
#define UART_IRQ_WORD 1u
#define UART_IRQ_BITS 6u
/* Instructions a tick of SysTick: 32 MHz, and one instruction is one nanosecond (-icount shift=0). */
#define TICK_INSTRUCTIONS_NUMERATOR 125u
#define TICK_INSTRUCTIONS_DENOMINATOR 4u
#define TICKS_PER_US 32u

#endif
