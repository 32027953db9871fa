/* Start and stop of QEMU's `virt` machine with a 32-bit RISC-V core; it begins at the start of memory. */
#include <stdint.h>

#include "../../engine/mj_abi.h"

extern uint8_t mj_firmware_bytes[];

void mj_harness_main(void);

/* Where src-main/compile/image.ts looks on every board. */
__attribute__((section(".firmware_words"), used)) static const void *const firmware_words[4] = {
    mj_firmware_bytes, (const void *)0x57464a4du, /* 'MJFW' */
    (const void *)MJ_ABI_VERSION, 0,              /* the kernels are compiled in */
};

/* Interrupts stay masked (mstatus.MIE is 0 after reset): they only end WFI. */
__attribute__((naked, section(".vectors"), used)) void mj_board_reset(void) {
  __asm volatile(
      "la sp, mj_stack_top\n"
      "la t0, mj_board_trap\n"
      "csrw mtvec, t0\n"
      "la t0, mj_bss_start\n"
      "la t1, mj_bss_end\n"
      "1: bgeu t0, t1, 2f\n"
      "sw zero, 0(t0)\n"
      "addi t0, t0, 4\n"
      "j 1b\n"
      "2: call mj_harness_main\n"
      "3: wfi\n"
      "j 3b\n");
}
