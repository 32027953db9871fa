/*
 * Second stage boot of the RP2040 for a W25Q080-type flash (W25Q16JV on the Pico): RP2040 data sheet 2.7, 2.8.1,
 * 4.10, and docs of the flash. The boot ROM copies these 256 bytes to the top of SRAM5, checks the CRC that the
 * build script puts into the last four, and jumps here with LR = 0. Position-independent, at most 252 bytes.
 * Sets up quad continuous read (EBh), then enters the application at 0x10000100; with LR != 0 it returns.
 * Every poll is bounded: one that runs out goes on, and the application's own checks fail instead.
 */
  .syntax unified
  .cpu cortex-m0plus
  .thumb
  .section .boot2, "ax", %progbits
  .global mj_boot2

  .equ PADS_QSPI, 0x40020000
  .equ SSI, 0x18000000
  .equ SSI_CTRLR1, 0x04
  .equ SSI_SSIENR, 0x08
  .equ SSI_BAUDR, 0x14
  .equ SSI_SR, 0x28
  .equ SSI_DR0, 0x60
  .equ SSI_RX_SAMPLE_DLY, 0xf0
  .equ SSI_SPI_CTRLR0, 0xf4

  .thumb_func
mj_boot2:
  push {r4, lr}
  ldr r3, =PADS_QSPI
  movs r0, #0x21 /* SCLK: 8 mA, fast slew */
  str r0, [r3, #0x04]
  movs r0, #0x50 /* SD0-SD3: Schmitt trigger off */
  str r0, [r3, #0x08]
  str r0, [r3, #0x0c]
  str r0, [r3, #0x10]
  str r0, [r3, #0x14]

  ldr r3, =SSI
  movs r1, #0
  str r1, [r3, #SSI_SSIENR]
  movs r1, #2 /* SCK = clk_sys / 2: 62.5 MHz at 125 MHz */
  str r1, [r3, #SSI_BAUDR]
  movs r1, #1
  movs r2, #SSI_RX_SAMPLE_DLY
  str r1, [r3, r2]
  ldr r1, =0x00070000 /* 8-bit frames, transmit and receive */
  str r1, [r3]
  movs r1, #1
  str r1, [r3, #SSI_SSIENR]

  movs r0, #0x35 /* status register 2 */
  bl read_status
  movs r1, #2 /* QE */
  tst r0, r1
  bne quad_enabled
  movs r1, #0x06 /* write enable */
  str r1, [r3, #SSI_DR0]
  bl wait_idle
  ldr r1, [r3, #SSI_DR0]
  movs r1, #0x01 /* write status: SR1 = 0, SR2 = QE */
  str r1, [r3, #SSI_DR0]
  movs r1, #0
  str r1, [r3, #SSI_DR0]
  movs r1, #2
  str r1, [r3, #SSI_DR0]
  bl wait_idle
  ldr r1, [r3, #SSI_DR0]
  ldr r1, [r3, #SSI_DR0]
  ldr r1, [r3, #SSI_DR0]
  ldr r4, =40000 /* at most 40 ms on the ring oscillator; the flash needs 15 */
write_busy:
  subs r4, #1
  beq quad_enabled
  movs r0, #0x05
  bl read_status
  lsrs r0, #1
  bcs write_busy

quad_enabled:
  movs r1, #0
  str r1, [r3, #SSI_SSIENR]
  ldr r1, =0x005f0300 /* quad, 32-bit frames, EEPROM read */
  str r1, [r3]
  movs r1, #0
  str r1, [r3, #SSI_CTRLR1]
  ldr r1, =0x00002221 /* 8-bit instruction single, 32 address bits quad, 4 wait cycles */
  movs r2, #SSI_SPI_CTRLR0
  str r1, [r3, r2]
  movs r1, #1
  str r1, [r3, #SSI_SSIENR]
  movs r1, #0xeb
  str r1, [r3, #SSI_DR0]
  movs r1, #0xa0 /* mode bits: continuous read */
  str r1, [r3, #SSI_DR0]
  bl wait_idle
  movs r1, #0
  str r1, [r3, #SSI_SSIENR]
  ldr r1, =0xa0002022 /* no instruction, address and mode byte A0 quad, 4 wait cycles */
  str r1, [r3, r2]
  movs r1, #1
  str r1, [r3, #SSI_SSIENR]

  pop {r4}
  pop {r0}
  cmp r0, #0
  beq enter_application
  bx r0
enter_application:
  ldr r0, =0x10000100
  ldr r1, =0xe000ed08 /* VTOR */
  str r0, [r1]
  ldmia r0!, {r1, r2}
  msr msp, r1
  bx r2

/* r0 = command -> r0 = second byte received. Clobbers r1, r2. */
  .thumb_func
read_status:
  push {lr}
  str r0, [r3, #SSI_DR0]
  str r0, [r3, #SSI_DR0]
  bl wait_idle
  ldr r0, [r3, #SSI_DR0]
  ldr r0, [r3, #SSI_DR0]
  pop {pc}

/* Until the transmit FIFO is empty and the SSI is not busy. Clobbers r0 (kept by read_status' reload), r1. */
  .thumb_func
wait_idle:
  ldr r0, =0xffff
1:
  subs r0, #1
  beq 2f
  ldr r1, [r3, #SSI_SR]
  lsls r1, r1, #29 /* TFE to bit 31, BUSY to bit 29 */
  bpl 1b
  lsls r1, r1, #2
  bmi 1b
2:
  bx lr
  .ltorg
