/** Fields of the USB controller's registers: RP2040 data sheet 4.1.4. */

export const CONTROLLER_EN = 1;
export const HOST_NDEVICE = 2;
export const PULLUP_EN = 1 << 16;
export const TRANSCEIVER_PD = 1 << 18;
export const DIRECT_EN = 1 << 26;
export const DRIVE_RESUME = 1 << 12;
export const TO_PHY = 1;
export const VBUS_DETECT = 1 << 2;
export const VBUS_OVERRIDE = 1 << 3;
/** SIE_CTRL without the bits that clear themselves: START_TRANS, STOP_TRANS, RESUME, RESET_BUS. */
export const SIE_CONTROL_KEPT = 0xff07_8f4e;

/** SIE_STATUS. */
export const SUSPENDED = 1 << 4;
export const RESUME = 1 << 11;
export const CONNECTED = 1 << 16;
export const SETUP_REC = 1 << 17;
export const TRANS_COMPLETE = 1 << 18;
export const BUS_RESET = 1 << 19;
export const CRC_ERROR = 1 << 24;
export const BIT_STUFF_ERROR = 1 << 25;
export const RX_OVERFLOW = 1 << 26;
export const RX_TIMEOUT = 1 << 27;
export const ACK_REC = 1 << 30;
export const DATA_SEQ_ERROR = 1 << 31;
/** Sticky, write 1 to clear. */
export const STATUS_CLEARABLE = 0xff0f_0b10;

export const INT_BUFF_STATUS = 1 << 4;
export const INT_VBUS = 1 << 11;
export const INT_DEV_SOF = 1 << 17;
export const INT_ABORT_DONE = 1 << 18;
export const INT_STALL_NAK = 1 << 19;
export const INT_ALL = 0xf_ffff;
/** Bit of SIE_STATUS → bit of INTR. */
export const STATUS_INTERRUPTS: readonly (readonly [number, number])[] = [
  [TRANS_COMPLETE, 1 << 3], [DATA_SEQ_ERROR, 1 << 5], [RX_TIMEOUT, 1 << 6], [RX_OVERFLOW, 1 << 7],
  [BIT_STUFF_ERROR, 1 << 8], [CRC_ERROR, 1 << 9], [1 << 29, 1 << 10], [BUS_RESET, 1 << 12], [CONNECTED, 1 << 13],
  [SUSPENDED, 1 << 14], [RESUME, 1 << 15], [SETUP_REC, 1 << 16],
]; // prettier-ignore
