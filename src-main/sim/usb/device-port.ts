/**
 * The plug between a USB device and a host, packet by packet. The host calls a device's port when a packet has ended on the
 * wire; the device answers at once, the time its answer takes is the host's to keep. All times are virtual µs.
 */

/** What comes back after a token or a data packet. `none`: silence until the host's time-out. */
export type UsbAnswer = 'none' | 'ack' | 'nak' | 'stall' | 'data0' | 'data1';

export type UsbDamage = 'crc' | 'bit-stuffing';

export interface UsbDevicePort {
  /** D+ is pulled up: a full-speed device wants to be seen. */
  readonly pulledUp: boolean;
  /** Payload of the last `data0` or `data1` answer; valid until the next packet. */
  readonly packet: Uint8Array;

  connectHost(host: UsbHostPort | null): void;
  /** The cable's 5 V. */
  setVbus(present: boolean): void;
  /** SE0 began or ended. */
  setBusReset(active: boolean, us: number): void;
  /** The host drives K, or has ended it. */
  setResume(active: boolean, us: number): void;
  sof(frame: number, us: number): void;
  in(address: number, endpoint: number): UsbAnswer;
  /** The host's ACK to the data of the last `in`; false: it did not come. */
  inHandshake(acknowledged: boolean): void;
  /** An OUT or SETUP token; its data packet follows. */
  out(address: number, endpoint: number, setup: boolean): void;
  data(data1: boolean, payload: Uint8Array, damage?: UsbDamage): UsbAnswer;
  /** The device's software is told of NAKs of this endpoint: each must really happen. */
  naksMatter(endpoint: number, isIn: boolean): boolean;
}

export interface UsbHostPort {
  /** `pulledUp` changed. */
  connectionChanged(): void;
  /** An endpoint that may have answered NAK would answer differently now. */
  ready(endpoint: number, isIn: boolean): void;
  /** The device drives K on a suspended bus. */
  remoteWakeup(): void;
}
