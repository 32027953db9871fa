/*
 * Reads an MPU-6050 at 400 samples a second over I2C0 (GPIO4/5, 400 kHz) and passes every sample on over
 * UART0 as A5 5A, number (low, high), 14 bytes of data registers, sum of these 16 bytes. By default each
 * data-ready edge on GPIO6 starts a read of the data registers; with MJ_IMU_FIFO the samples are collected
 * from the sensor's FIFO, whenever it holds at least eight.
 */
#include "../startup/stream.h"

#define I2C0 0x40044000u
#define IO_INTR0 0x400140f0u
#define IO_PROC0_INTE0 0x40014100u
#define IRQ_IO_BANK0 13
#define IMU 0x68u
#define SMPLRT_DIV 0x19u
#define CONFIG 0x1au
#define FIFO_EN 0x23u
#define INT_ENABLE 0x38u
#define ACCEL_XOUT_H 0x3bu
#define USER_CTRL 0x6au
#define PWR_MGMT_1 0x6bu
#define FIFO_COUNTH 0x72u
#define FIFO_R_W 0x74u
#define WHO_AM_I 0x75u
#define SAMPLE_BYTES 14u

#define IC_CON (I2C0 + 0x00u)
#define IC_TAR (I2C0 + 0x04u)
#define IC_DATA_CMD (I2C0 + 0x10u)
#define IC_FS_SCL_HCNT (I2C0 + 0x1cu)
#define IC_FS_SCL_LCNT (I2C0 + 0x20u)
#define IC_RAW_INTR_STAT (I2C0 + 0x34u)
#define IC_CLR_STOP_DET (I2C0 + 0x60u)
#define IC_ENABLE (I2C0 + 0x6cu)
#define IC_STATUS (I2C0 + 0x70u)
#define IC_TXFLR (I2C0 + 0x74u)
#define IC_RXFLR (I2C0 + 0x78u)
#define IC_FS_SPKLEN (I2C0 + 0xa0u)
#define CMD_READ (1u << 8)
#define CMD_STOP (1u << 9)
#define CMD_RESTART (1u << 10)
#define RAW_TX_ABRT (1u << 6)
#define RAW_STOP_DET (1u << 9)

#define DATA_READY_PIN 6u
#define EDGE_HIGH (8u << 4u * DATA_READY_PIN)

#ifndef MJ_IMU_FIFO
static volatile uint32_t data_ready;
#endif
static uint32_t number;

#ifndef MJ_IMU_FIFO
static void on_pins(void) {
  REG(IO_INTR0) = EDGE_HIGH;
  data_ready++;
}
#endif

static void start_i2c(void) {
  REG(IO_CTRL(4)) = 3;
  REG(IO_CTRL(5)) = 3;
  REG(PAD(4)) = 0x4a; /* input, pull-up, Schmitt */
  REG(PAD(5)) = 0x4a;
  REG(IC_ENABLE) = 0;
  REG(IC_CON) = 0x165; /* controller, fast, RESTART, TX_EMPTY when the wires are done */
  REG(IC_FS_SCL_HCNT) = 126;
  REG(IC_FS_SCL_LCNT) = 187;
  REG(IC_FS_SPKLEN) = 11;
  REG(IC_TAR) = IMU;
  REG(IC_ENABLE) = 1;
}

static void finish(void) {
  wait_for(IC_RAW_INTR_STAT, RAW_STOP_DET);
  if (REG(IC_RAW_INTR_STAT) & RAW_TX_ABRT) stop();
  (void)REG(IC_CLR_STOP_DET);
}

static void write_register(uint32_t at, uint32_t value) {
  REG(IC_DATA_CMD) = at;
  REG(IC_DATA_CMD) = value | CMD_STOP;
  finish();
}

/* Keeps the command FIFO filled while the bytes come in. */
static void read_registers(uint32_t at, uint8_t *to, uint32_t count) {
  uint32_t asked = 0, got = 0;
  REG(IC_DATA_CMD) = at;
  while (got < count) {
    if (asked < count && asked - got < 15u && REG(IC_TXFLR) < 16u) {
      uint32_t command = CMD_READ;
      if (asked == 0) command |= CMD_RESTART;
      if (asked + 1u == count) command |= CMD_STOP;
      REG(IC_DATA_CMD) = command;
      asked++;
    }
    if (REG(IC_RXFLR)) to[got++] = (uint8_t)REG(IC_DATA_CMD);
    if (REG(IC_RAW_INTR_STAT) & RAW_TX_ABRT) stop();
  }
  finish();
}

static void pass_on(const uint8_t *sample) {
  uint32_t low = number & 0xffu, high = number >> 8 & 0xffu, sum = low + high;
  number++;
  send(0xa5);
  send(0x5a);
  send(low);
  send(high);
  for (uint32_t i = 0; i < SAMPLE_BYTES; i++) {
    send(sample[i]);
    sum += sample[i];
  }
  send(sum & 0xffu);
}

static void start_sensor(void) {
  uint8_t id = 0;
  read_registers(WHO_AM_I, &id, 1);
  if (id != 0x68u) stop();
  write_register(CONFIG, 0);
  write_register(SMPLRT_DIV, 19); /* 8 kHz / 20 */
#ifdef MJ_IMU_FIFO
  write_register(FIFO_EN, 0xf8);
  write_register(USER_CTRL, 0x44);
#else
  write_register(INT_ENABLE, 1);
  REG(IO_INTR0) = EDGE_HIGH;
  REG_SET(IO_PROC0_INTE0) = EDGE_HIGH;
  set_handler(IRQ_IO_BANK0, on_pins);
  enable_irq(IRQ_IO_BANK0);
#endif
  write_register(PWR_MGMT_1, 1);
}

#ifdef MJ_IMU_FIFO
static void collect(void) {
  uint8_t bytes[SAMPLE_BYTES];
  read_registers(FIFO_COUNTH, bytes, 2);
  uint32_t samples = ((uint32_t)bytes[0] << 8 | bytes[1]) / SAMPLE_BYTES;
  if (samples < 8u) return;
  for (; samples > 0; samples--) {
    read_registers(FIFO_R_W, bytes, SAMPLE_BYTES);
    pass_on(bytes);
  }
}
#else
static void collect(void) {
  uint8_t bytes[SAMPLE_BYTES];
  sleep_until(&data_ready);
  if (data_ready > 1u) stop(); /* one was missed */
  data_ready = 0;
  read_registers(ACCEL_XOUT_H, bytes, SAMPLE_BYTES);
  pass_on(bytes);
}
#endif

void main(void) {
  uart_start(0, 0, STREAM_BAUD, SYS_HZ);
  start_i2c();
  start_sensor();
  for (;;) collect();
}
