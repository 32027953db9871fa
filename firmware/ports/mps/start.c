/* Vector table, start and stop of the Cortex-M boards of QEMU. */
#include "start.h"

#include "../../engine/mj_abi.h"
#include "registers.h"

extern uint32_t mj_stack_top[];
extern uint32_t mj_bss_start[], mj_bss_end[];
extern uint8_t mj_firmware_bytes[];

void mj_harness_main(void);

/* Words 7-10 of what the Pico's vector table has at 0x100: src-main/compile/image.ts reads them.
 */
__attribute__((section(".firmware_words"), used)) static const void *const firmware_words[4] = {
    mj_firmware_bytes, (const void *)0x57464a4du, /* 'MJFW' */
    (const void *)MJ_ABI_VERSION, 0,              /* the kernels are compiled in */
};

_Noreturn void mj_board_stop(void) {
  __asm volatile("cpsid i" ::: "memory");
  for (;;) __asm volatile("wfi");
}

_Noreturn static void on_exception(void) {
  mj_board_say_fault();
  mj_board_stop();
}

_Noreturn void mj_board_reset(void) {
  __asm volatile("cpsid i" ::: "memory"); /* interrupts only wake the core, none is ever served */
  REG(CPACR) |= 0xfu << 20;               /* floating point and vectors */
  __asm volatile("dsb\n isb" ::: "memory");
  extern uint8_t mj_firmware_start[];
  REG(VTOR) = (uint32_t)(uintptr_t)mj_firmware_start;
  for (uint32_t *to = mj_bss_start; to < mj_bss_end;) *to++ = 0;
  mj_harness_main();
  mj_board_stop();
}

typedef struct {
  const void *stack_top;
  void (*vectors[15])(void);
} mj_vector_table;

__attribute__((section(".vectors"), used)) static const mj_vector_table vector_table = {
    .stack_top = mj_stack_top,
    .vectors = {[0] = mj_board_reset, [1 ... 14] = on_exception},
};
