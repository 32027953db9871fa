/*
 * Flash functions: RP2040 data sheet 2.8.3.1.3. They drive the SSI in 8-bit frames with CS# under the
 * override of IO_QSPI, so that an interrupt in between cannot end a command. The caller runs from RAM or ROM,
 * not from flash.
 */
#include "rom.h"

#define SSI 0x18000000u
#define SSI_CTRLR0 (SSI + 0x00u)
#define SSI_CTRLR1 (SSI + 0x04u)
#define SSI_SSIENR (SSI + 0x08u)
#define SSI_SER (SSI + 0x10u)
#define SSI_BAUDR (SSI + 0x14u)
#define SSI_SR (SSI + 0x28u)
#define SSI_DR0 (SSI + 0x60u)
#define SSI_SPI_CTRLR0 (SSI + 0xf4u)
#define SR_TFNF (1u << 1)
#define SR_RFNE (1u << 3)
#define XIP_CTRL 0x14000000u
#define XIP_FLUSH 0x14000004u
#define IO_QSPI_CTRL(pin) (0x40018004u + 8u * (pin))
#define IO_QSPI_SS 1u
#define PADS_QSPI_SD(n) (0x40020008u + 4u * (n))

enum { OUTOVER_NORMAL = 0, OUTOVER_LOW = 2, OUTOVER_HIGH = 3 };
enum { IN_FLIGHT = 14 };
enum { COMMAND_READ = 0x03, COMMAND_STATUS = 0x05, COMMAND_WRITE_ENABLE = 0x06, COMMAND_PROGRAM = 0x02 };
enum { COMMAND_ERASE_SECTOR = 0x20, PAGE = 256, SECTOR = 4096 };

void mj_rom_connect_internal_flash(void);
void mj_rom_flash_exit_xip(void);
void mj_rom_flash_range_erase(uint32_t offset, uint32_t count, uint32_t block_size, uint8_t block_command);
void mj_rom_flash_range_program(uint32_t offset, const uint8_t *from, uint32_t count);
void mj_rom_flash_flush_cache(void);
void mj_rom_flash_enter_cmd_xip(void);
void mj_rom_boot_from_flash(void);

static void chip_select(uint32_t override) {
  MJ_REG(IO_QSPI_CTRL(IO_QSPI_SS)) = override << 8;
}

static void start_serial(void) {
  MJ_REG(SSI_SSIENR) = 0;
  MJ_REG(SSI_BAUDR) = 6;
  MJ_REG(SSI_CTRLR1) = 0;
  MJ_REG(SSI_CTRLR0) = 0x00070000u; /* 8-bit frames, transmit and receive */
  MJ_REG(SSI_SER) = 1;
  MJ_REG(SSI_SSIENR) = 1;
}

/* Exchanges `count` bytes; a null `out` sends `filler`, a null `in` drops what comes back. */
static void exchange(const uint8_t *out, uint8_t *in, uint32_t count, uint8_t filler) {
  uint32_t to_send = count, to_receive = count;
  while (to_send || to_receive) {
    uint32_t status = MJ_REG(SSI_SR);
    if (to_send && (status & SR_TFNF) && to_receive - to_send < IN_FLIGHT) {
      MJ_REG(SSI_DR0) = out ? *out++ : filler;
      to_send--;
    }
    if (to_receive && (status & SR_RFNE)) {
      uint8_t byte = (uint8_t)MJ_REG(SSI_DR0);
      if (in) *in++ = byte;
      to_receive--;
    }
  }
}

static void send_command(uint8_t command, uint32_t offset) {
  const uint8_t head[4] = {command, (uint8_t)(offset >> 16), (uint8_t)(offset >> 8), (uint8_t)offset};
  exchange(head, NULL, 4, 0);
}

static void enable_write(void) {
  chip_select(OUTOVER_LOW);
  exchange(NULL, NULL, 1, COMMAND_WRITE_ENABLE);
  chip_select(OUTOVER_HIGH);
}

static void wait_until_idle(void) {
  uint8_t status[2] = {1, 1};
  do {
    const uint8_t ask[2] = {COMMAND_STATUS, 0};
    chip_select(OUTOVER_LOW);
    exchange(ask, status, 2, 0);
    chip_select(OUTOVER_HIGH);
  } while (status[1] & 1u);
}

void mj_rom_connect_internal_flash(void) {
  const uint32_t blocks = RESETS_IO_QSPI | RESETS_PADS_QSPI;
  MJ_REG_SET(RESETS_RESET) = blocks;
  MJ_REG_CLEAR(RESETS_RESET) = blocks;
  while ((MJ_REG(RESETS_RESET_DONE) & blocks) != blocks) {
  }
  for (uint32_t pin = 0; pin < 6; pin++) MJ_REG(IO_QSPI_CTRL(pin)) = 0;
}

/* 2.8.1.2: clocks with the lines pulled up end any continuous read; FFh FFh the same in other flashes. */
void mj_rom_flash_exit_xip(void) {
  start_serial();
  uint32_t pads[3];
  for (uint32_t n = 0; n < 3; n++) pads[n] = MJ_REG(PADS_QSPI_SD(n + 1u));
  chip_select(OUTOVER_HIGH);
  exchange(NULL, NULL, 4, 0x00);
  for (uint32_t n = 0; n < 3; n++) MJ_REG(PADS_QSPI_SD(n + 1u)) = (pads[n] & ~0x04u) | 0x08u;
  chip_select(OUTOVER_LOW);
  exchange(NULL, NULL, 4, 0xff);
  chip_select(OUTOVER_HIGH);
  for (uint32_t n = 0; n < 3; n++) MJ_REG(PADS_QSPI_SD(n + 1u)) = pads[n];
  chip_select(OUTOVER_LOW);
  exchange(NULL, NULL, 2, 0xff);
  chip_select(OUTOVER_HIGH);
}

/* Sectors by 20h, whole blocks of `block_size` (a power of two, or 0: none) by `block_command`. */
void mj_rom_flash_range_erase(uint32_t offset, uint32_t count, uint32_t block_size, uint8_t block_command) {
  uint32_t end = offset + count;
  while (offset < end) {
    bool block = block_size && (offset & (block_size - 1u)) == 0 && end - offset >= block_size;
    enable_write();
    chip_select(OUTOVER_LOW);
    send_command(block ? block_command : COMMAND_ERASE_SECTOR, offset);
    chip_select(OUTOVER_HIGH);
    wait_until_idle();
    offset += block ? block_size : SECTOR;
  }
}

/* Offset and count are multiples of 256. */
void mj_rom_flash_range_program(uint32_t offset, const uint8_t *from, uint32_t count) {
  for (uint32_t end = offset + count; offset < end; offset += PAGE, from += PAGE) {
    enable_write();
    chip_select(OUTOVER_LOW);
    send_command(COMMAND_PROGRAM, offset);
    exchange(from, NULL, PAGE, 0);
    chip_select(OUTOVER_HIGH);
    wait_until_idle();
  }
}

/* Also gives CS# back to the SSI. */
void mj_rom_flash_flush_cache(void) {
  MJ_REG(XIP_FLUSH) = 1;
  (void)MJ_REG(XIP_FLUSH); /* stalls until the flush is done */
  MJ_REG_SET(XIP_CTRL) = 1;
  chip_select(OUTOVER_NORMAL);
}

/* XIP by plain 03h reads: slow, and right for every flash. */
void mj_rom_flash_enter_cmd_xip(void) {
  MJ_REG(SSI_SSIENR) = 0;
  MJ_REG(SSI_CTRLR0) = 0x001f0300u;
  MJ_REG(SSI_CTRLR1) = 0;
  MJ_REG(SSI_SPI_CTRLR0) = 0x03000218u;
  MJ_REG(SSI_SSIENR) = 1;
}

/* CRC-32/MPEG-2 (2.8.1.3.1). */
static uint32_t checksum(const uint8_t *bytes, uint32_t count) {
  uint32_t crc = 0xffffffffu;
  for (; count > 0; count--) {
    crc ^= (uint32_t)*bytes++ << 24;
    for (int bit = 0; bit < 8; bit++) crc = crc << 1 ^ (crc >> 31 ? 0x04c11db7u : 0u);
  }
  return crc;
}

/* Loads boot2 to the top of SRAM5 and enters it with LR = 0; returns when its CRC is wrong. */
void mj_rom_boot_from_flash(void) {
  uint8_t *boot2 = (uint8_t *)0x20041f00u;
  mj_rom_connect_internal_flash();
  mj_rom_flash_exit_xip();
  chip_select(OUTOVER_LOW);
  send_command(COMMAND_READ, 0);
  exchange(NULL, boot2, 256, 0);
  chip_select(OUTOVER_HIGH);
  if (checksum(boot2, 252) != *(const uint32_t *)(const void *)(boot2 + 252)) return;
  mj_rom_flash_flush_cache();
  __asm volatile(
      "movs r1, #0\n"
      "mov lr, r1\n"
      "bx %0\n" ::"r"((uintptr_t)boot2 | 1u)
      : "r1", "lr");
  __builtin_unreachable();
}
