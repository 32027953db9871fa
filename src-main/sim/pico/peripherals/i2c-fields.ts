/** Registers and fields of the DW_apb_i2c that the model uses: RP2040 data sheet 4.3.17. */

export const FIFO_DEPTH = 16;
export const CMD_READ = 1 << 8;
export const CMD_STOP = 1 << 9;
export const CMD_RESTART = 1 << 10;

export const RX_UNDER = 1;
export const RX_OVER = 1 << 1;
export const RX_FULL = 1 << 2;
export const TX_OVER = 1 << 3;
export const TX_EMPTY = 1 << 4;
export const TX_ABRT = 1 << 6;
export const ACTIVITY = 1 << 8;
export const STOP_DET = 1 << 9;
export const START_DET = 1 << 10;
export const RESTART_DET = 1 << 12;
/** Read registers whose bit of RAW_INTR_STAT they clear: 4.3.17. */
export const CLEARED_BY: Readonly<Record<number, number>> = {
  0x44: RX_UNDER, 0x48: RX_OVER, 0x4c: TX_OVER, 0x50: 1 << 5, 0x54: TX_ABRT, 0x58: 1 << 7, 0x5c: ACTIVITY,
  0x60: STOP_DET, 0x64: START_DET, 0x68: 1 << 11, 0xa8: RESTART_DET,
}; // prettier-ignore

export const ABRT_ADDRESS_NOACK = 1;
export const ABRT_DATA_NOACK = 1 << 3;
export const ABRT_MASTER_DISABLED = 1 << 11;
export const ABRT_USER = 1 << 16;

export const CON_MASTER = 1;
export const CON_10BIT = 1 << 4;
export const CON_RESTART_EN = 1 << 5;
export const CON_SLAVE_DISABLE = 1 << 6;
export const CON_TX_EMPTY_CTRL = 1 << 8;
export const CON_HOLD_WHEN_FULL = 1 << 9;
export const SPEED_STANDARD = 1;

/** Registers that are kept and read back, with their reset values and writable bits. */
export const KEPT: readonly (readonly [offset: number, reset: number, mask: number])[] = [
  [0x00, 0x65, 0x3ff], [0x04, 0x55, 0xfff], [0x08, 0x55, 0x3ff], [0x14, 0x28, 0xffff], [0x18, 0x2f, 0xffff],
  [0x1c, 0x06, 0xffff], [0x20, 0x0d, 0xffff], [0x30, 0x8ff, 0x1fff], [0x38, 0, 0xff], [0x3c, 0, 0xff],
  [0x7c, 1, 0xff_ffff], [0x88, 0, 3], [0x8c, 0, 15], [0x90, 0, 15], [0x94, 0x64, 0xff], [0x98, 1, 1],
  [0xa0, 7, 0xff],
]; // prettier-ignore
export const [CON, TAR, SS_HCNT, SS_LCNT, FS_HCNT, FS_LCNT, MASK, RX_TL, TX_TL, DMA_CR, DMA_TDLR, SPKLEN] = [
  0x00, 0x04, 0x14, 0x18, 0x1c, 0x20, 0x30, 0x38, 0x3c, 0x88, 0x8c, 0xa0,
] as const; // prettier-ignore
