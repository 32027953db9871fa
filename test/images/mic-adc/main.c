/*
 * 16 000 conversions a second from ADC input 0 (GPIO26) by DMA into two buffers of 256 samples, which two
 * chained channels fill in turn; a third channel passes each block on over UART0 as A5 5A, number of the
 * block (low, high), FCS of the ADC (low, high), 512 bytes.
 */
#include "../startup/stream.h"

#define ADC 0x4004c000u
#define DMA 0x50000000u
#define IRQ_DMA_0 11
#define ADC_CS (ADC + 0x00u)
#define ADC_FCS (ADC + 0x08u)
#define ADC_FIFO (ADC + 0x0cu)
#define ADC_DIV (ADC + 0x10u)
#define CS_EN 1u
#define CS_START_MANY (1u << 3)
#define CS_READY (1u << 8)
#define FCS_EN 1u
#define FCS_DREQ_EN (1u << 3)
#define FCS_THRESHOLD_1 (1u << 24)

#define CHANNEL(n) (DMA + 0x40u * (n))
#define READ_ADDR 0x00u
#define WRITE_ADDR 0x04u
#define TRANS_COUNT 0x08u
#define CTRL_TRIG 0x0cu
#define CTRL 0x10u
#define DMA_INTS0 (DMA + 0x40cu)
#define DMA_INTE0 (DMA + 0x404u)
#define CTRL_EN 1u
#define CTRL_HALFWORDS (1u << 2)
#define CTRL_INCR_READ (1u << 4)
#define CTRL_INCR_WRITE (1u << 5)
#define CTRL_RING_512_WRITE (9u << 6 | 1u << 10)
#define CTRL_CHAIN_TO(n) ((n) << 11)
#define CTRL_TREQ(n) ((n) << 15)
#define CTRL_BUSY (1u << 24)
#define DREQ_UART0_TX 20u
#define DREQ_ADC 36u

#define SAMPLES 256u

static uint16_t buffers[2][SAMPLES] __attribute__((aligned(512)));
static uint8_t packet[6u + 2u * SAMPLES];
static volatile uint32_t full; /* bit n: buffer n */

static void on_dma(void) {
  uint32_t done = REG(DMA_INTS0);
  REG(DMA_INTS0) = done;
  if (full & done) stop(); /* a buffer was filled again before it was passed on */
  full |= done;
}

static void start_converter(void) {
  REG(PAD(26)) = 0x80; /* analogue: no output, no input, no pulls */
  REG(ADC_CS) = CS_EN;
  wait_for(ADC_CS, CS_READY);
  REG(ADC_FCS) = FCS_EN | FCS_DREQ_EN | FCS_THRESHOLD_1;
  REG(ADC_DIV) = 2999u << 8; /* 48 MHz / 3000 */
}

static void start_channels(void) {
  for (uint32_t n = 0; n < 2u; n++) {
    REG(CHANNEL(n) + READ_ADDR) = ADC_FIFO;
    REG(CHANNEL(n) + WRITE_ADDR) = (uint32_t)(uintptr_t)buffers[n];
    REG(CHANNEL(n) + TRANS_COUNT) = SAMPLES;
    REG(CHANNEL(n) + CTRL) = CTRL_EN | CTRL_HALFWORDS | CTRL_INCR_WRITE | CTRL_RING_512_WRITE |
                             CTRL_CHAIN_TO(1u - n) | CTRL_TREQ(DREQ_ADC);
  }
  REG(DMA_INTE0) = 3;
  set_handler(IRQ_DMA_0, on_dma);
  enable_irq(IRQ_DMA_0);
  REG(DMA + 0x430u) = 1;
}

static void pass_on(const uint16_t *samples, uint32_t number) {
  while (REG(CHANNEL(2) + CTRL) & CTRL_BUSY) {
  }
  uint32_t state = REG(ADC_FCS);
  packet[0] = 0xa5;
  packet[1] = 0x5a;
  packet[2] = (uint8_t)number;
  packet[3] = (uint8_t)(number >> 8);
  packet[4] = (uint8_t)state;
  packet[5] = (uint8_t)(state >> 8);
  for (uint32_t i = 0; i < SAMPLES; i++) {
    packet[6u + 2u * i] = (uint8_t)samples[i];
    packet[7u + 2u * i] = (uint8_t)(samples[i] >> 8);
  }
  REG(CHANNEL(2) + READ_ADDR) = (uint32_t)(uintptr_t)packet;
  REG(CHANNEL(2) + WRITE_ADDR) = UART(0) + UART_DR;
  REG(CHANNEL(2) + TRANS_COUNT) = sizeof packet;
  REG(CHANNEL(2) + CTRL_TRIG) = CTRL_EN | CTRL_INCR_READ | CTRL_CHAIN_TO(2u) | CTRL_TREQ(DREQ_UART0_TX);
}

void main(void) {
  uart_start(0, 0, STREAM_BAUD, SYS_HZ);
  start_converter();
  start_channels();
  REG(ADC_CS) = CS_EN | CS_START_MANY;
  for (uint32_t number = 0;; number++) {
    uint32_t n = number & 1u;
    sleep_until(&full);
    if (!(full & 1u << n)) stop();
    pass_on(buffers[n], number);
    __asm volatile("cpsid i" ::: "memory");
    full &= ~(1u << n);
    __asm volatile("cpsie i" ::: "memory");
  }
}
