/* Arm MPS2 with the image an500 (Cortex-M7) as QEMU has it. Arm DAI0500: memory map, interrupts. */
#ifndef MJ_MPS2_AN500_BOARD_H
#define MJ_MPS2_AN500_BOARD_H

#define BOARD_ID "mps2-an500"
#define FLASH_BASE 0x00000000u /* ZBT SSRAM1 */
#define FLASH_BYTES (4u * 1024u * 1024u)
#define UART_BASE 0x40004000u
/* Words of the interrupt controller's registers, and the receive interrupt's bit there: interrupt 0. */
#define UART_IRQ_WORD 0u
#define UART_IRQ_BITS 1u
/* Instructions a tick of SysTick: 25 MHz, and one instruction is one nanosecond (-icount shift=0). */
#define TICK_INSTRUCTIONS_NUMERATOR 40u
#define TICK_INSTRUCTIONS_DENOMINATOR 1u
#define TICKS_PER_US 25u

#endif
