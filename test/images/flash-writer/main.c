/* Erases and programs its own flash through the ROM with XIP off, as a settings store does, and reads the
 * chip's ids. */
#include "../startup/startup.h"

#define RAM_CODE __attribute__((section(".ram"), noinline, long_call))

enum { AREA = 0x40000, PAGE = 256, SECTOR = 4096 };

typedef void (*plain_function)(void);
typedef struct {
  plain_function connect, exit_xip, flush;
  void (*erase)(uint32_t, uint32_t, uint32_t, uint8_t);
  void (*program)(uint32_t, const uint8_t *, uint32_t);
} flash_functions;

static flash_functions flash;
static uint32_t boot2[64];
static uint8_t page[PAGE];

static void prepare(void) {
  flash.connect = (plain_function)(uintptr_t)rom_function('I', 'F');
  flash.exit_xip = (plain_function)(uintptr_t)rom_function('E', 'X');
  flash.flush = (plain_function)(uintptr_t)rom_function('F', 'C');
  flash.erase = (void (*)(uint32_t, uint32_t, uint32_t, uint8_t))(uintptr_t)rom_function('R', 'E');
  flash.program = (void (*)(uint32_t, const uint8_t *, uint32_t))(uintptr_t)rom_function('R', 'P');
  for (uint32_t n = 0; n < 64; n++) boot2[n] = ((const volatile uint32_t *)0x10000000u)[n];
}

RAM_CODE static void leave_xip(void) {
  flash.connect();
  flash.exit_xip();
}

/* boot2 returns when LR is not 0. */
RAM_CODE static void enter_xip(void) {
  flash.flush();
  ((plain_function)((uintptr_t)boot2 | 1u))();
}

RAM_CODE static void erase(uint32_t offset, uint32_t count) {
  leave_xip();
  flash.erase(offset, count, 65536, 0xd8);
  enter_xip();
}

RAM_CODE static void program(uint32_t offset, const uint8_t *from, uint32_t count) {
  leave_xip();
  flash.program(offset, from, count);
  enter_xip();
}

RAM_CODE static void select_flash(uint32_t override) {
  REG_XOR(IO_QSPI_SS_CTRL) = (REG(IO_QSPI_SS_CTRL) ^ override << 8) & 0x300u;
}

RAM_CODE static void command(const uint8_t *out, uint8_t *in, uint32_t count) {
  leave_xip();
  select_flash(2);
  uint32_t to_send = count, to_receive = count;
  while (to_send || to_receive) {
    uint32_t status = REG(SSI_SR);
    if (to_send && (status & 2u) && to_receive - to_send < 14u) {
      REG(SSI_DR0) = *out++;
      to_send--;
    }
    if (to_receive && (status & 8u)) {
      *in++ = (uint8_t)REG(SSI_DR0);
      to_receive--;
    }
  }
  select_flash(3);
  enter_xip();
}

static bool holds(uint32_t offset, uint32_t count, uint32_t seed, bool erased) {
  const volatile uint8_t *at = (const volatile uint8_t *)(0x10000000u + offset);
  for (uint32_t n = 0; n < count; n++)
    if (at[n] != (erased ? 0xffu : (uint8_t)(n * 7u + seed))) return false;
  return true;
}

void main(void) {
  prepare();
  uint8_t out[13] = {0x4b}, in[13] = {0};
  command(out, in, sizeof out);
  uint32_t sum = 0;
  for (uint32_t n = 5; n < 13; n++) sum += in[n];
  put_check("unique id", sum != 0 && sum != 8u * 255u);
  out[0] = 0x9f;
  command(out, in, 4);
  put_check("jedec id", in[1] == 0xef && in[2] == 0x40 && in[3] == 0x15);

  bool again = holds(AREA, PAGE, 1, false);
  put_text(again ? "kept from before\n" : "first start\n");
  uint64_t start = now_us();
  erase(AREA, SECTOR);
  put_number("erase us", (uint32_t)(now_us() - start));
  put_check("erased", holds(AREA, SECTOR, 0, true));
  for (uint32_t n = 0; n < SECTOR / PAGE; n++) {
    for (uint32_t i = 0; i < PAGE; i++) page[i] = (uint8_t)(i * 7u + n + 1u);
    program(AREA + n * PAGE, page, PAGE);
  }
  bool good = true;
  for (uint32_t n = 0; n < SECTOR / PAGE; n++) good = good && holds(AREA + n * PAGE, PAGE, n + 1u, false);
  put_check("programmed", good);
  start = now_us();
  erase(AREA + 65536u, 65536u + SECTOR);
  put_number("block and sector us", (uint32_t)(now_us() - start));
  put_text("done\n");
}
