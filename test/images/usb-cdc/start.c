/* Vector table, RAM set-up, clocks: 125 MHz from PLL_SYS, 48 MHz for the USB controller from PLL_USB. */
#include "chip.h"

extern uint32_t image_stack_top[];
extern uint32_t image_data_start[], image_data_end[], image_data_load[];
extern uint32_t image_bss_start[], image_bss_end[];

void image_main(void);
void image_on_usb(void);

_Noreturn static void stop(void) {
  __asm volatile("cpsid i" ::: "memory");
  for (;;) __asm volatile("wfi");
}

static void wait_for(uint32_t address, uint32_t mask) {
  for (uint32_t polls = 100000u; polls > 0; polls--)
    if ((MJ_REG(address) & mask) == mask) return;
  stop();
}

static void release(uint32_t blocks) {
  MJ_CLEAR(RESETS) = blocks;
  wait_for(RESETS + 8u, blocks);
}

static void start_pll(uint32_t pll, uint32_t reset, uint32_t feedback, uint32_t dividers) {
  MJ_SET(RESETS) = reset;
  release(reset);
  MJ_REG(pll) = 1;
  MJ_REG(pll + 8u) = feedback;
  MJ_CLEAR(pll + 4u) = 0x21u;
  wait_for(pll, 1u << 31);
  MJ_REG(pll + 0xcu) = dividers;
  MJ_CLEAR(pll + 4u) = 0x08u;
}

static void start_clocks(void) {
  MJ_CLEAR(CLOCKS + 0x3cu) = 1u; /* clk_sys from clk_ref, should a warm reset have left it on the PLL */
  wait_for(CLOCKS + 0x44u, 1u);
  MJ_REG(XOSC + 0xcu) = 47;
  MJ_REG(XOSC) = 0x00fabaa0u;
  wait_for(XOSC + 4u, 1u << 31);
  start_pll(PLL_SYS, RESET_PLL_SYS, 125, 0x62000u);
  start_pll(PLL_USB, RESET_PLL_USB, 100, 0x55000u);
  MJ_REG(CLOCKS + 0x30u) = 2;
  wait_for(CLOCKS + 0x38u, 1u << 2);
  MJ_REG(CLOCKS + 0x3cu) = 1;
  wait_for(CLOCKS + 0x44u, 1u << 1);
#ifdef MJ_VARIANT_WRONG_USB_CLOCK
  MJ_REG(CLOCKS + 0x54u) = 1u << 11 | 3u << 5; /* the crystal's 12 MHz */
#else
  MJ_REG(CLOCKS + 0x54u) = 1u << 11;
#endif
}

_Noreturn static void on_reset(void) {
  const uint32_t *from = image_data_load;
  for (uint32_t *to = image_data_start; to < image_data_end;) *to++ = *from++;
  for (uint32_t *to = image_bss_start; to < image_bss_end;) *to++ = 0;
  start_clocks();
  release(RESET_USB);
  image_main();
  stop();
}

__attribute__((section(".vectors"), used)) static void (*const vectors[16 + 32])(void) = {
    (void (*)(void))(uintptr_t)image_stack_top,
    on_reset,
    (void (*)(void))stop,
    (void (*)(void))stop,
    [16 + USB_IRQ] = image_on_usb,
};
