/* Vector table, RAM set-up, safe stop. Runs before .data exists: nothing here may call into RAM before the
 * copy. */
#include "start.h"

#include "rp2040.h"

extern uint32_t mj_stack_top[];
extern uint32_t mj_data_start[], mj_data_end[], mj_data_load[];
extern uint32_t mj_bss_start[], mj_bss_end[];
extern uint8_t mj_firmware_bytes[];

void mj_harness_main(void);

/* Interrupts off, asleep for good: the pins and the LED stay as they are. */
_Noreturn void mj_pico_safe_stop(uint32_t fault, uint32_t detail) {
  MJ_REG(WATCHDOG_SCRATCH(0)) = MJ_FAULT_MARK | fault;
  MJ_REG(WATCHDOG_SCRATCH(1)) = detail;
  __asm volatile("cpsid i" ::: "memory");
  for (;;) __asm volatile("wfi");
}

_Noreturn static void stop_on_exception(const uint32_t *frame) {
  mj_pico_safe_stop(MJ_FAULT_EXCEPTION, frame[6]);
}

__attribute__((naked)) static void on_exception(void) {
  __asm volatile(
      "mrs r0, msp\n"
      "ldr r1, =%c0\n"
      "bx r1\n"
      ".ltorg\n" ::"i"(stop_on_exception));
}

_Noreturn void mj_pico_reset(void) {
  mj_pico_clocks_start(); /* first: the rest then takes a twentieth of the time */
  const uint32_t *from = mj_data_load;
  for (uint32_t *to = mj_data_start; to < mj_data_end;) *to++ = *from++;
  for (uint32_t *to = mj_bss_start; to < mj_bss_end;) *to++ = 0;
  mj_harness_main();
  mj_pico_safe_stop(MJ_FAULT_EXCEPTION, 0);
}

/* The reserved words 7-10 of the table tell an image tool how long the firmware is, and which kernels it goes
 * with: src-main/compile/image.ts.
 */
typedef struct {
  const void *stack_top;
  void (*vectors[15])(void);
  void (*irqs[32])(void);
} mj_vector_table;

__attribute__((section(".vectors"), used)) static const mj_vector_table vector_table = {
    .stack_top = mj_stack_top,
    .vectors =
        {
            [0] = mj_pico_reset,
            [1] = on_exception,
            [2] = on_exception,
            [6] = (void (*)(void))(uintptr_t)mj_firmware_bytes,
            [7] = (void (*)(void))(uintptr_t)MJ_FIRMWARE_MAGIC,
            [8] = (void (*)(void))(uintptr_t)MJ_ABI_VERSION,
            [9] = (void (*)(void))(uintptr_t)MJ_KERNEL_PACK,
            [10] = on_exception,
            [13] = on_exception,
            [14] = on_exception,
        },
    .irqs =
        {
            [IRQ_TIMER_0] = mj_pico_on_timer,
            [IRQ_TIMER_0 + 1 ... IRQ_UART0 - 1] = on_exception,
            [IRQ_UART0] = mj_pico_on_uart,
            [IRQ_UART0 + 1 ... 31] = on_exception,
        },
};
