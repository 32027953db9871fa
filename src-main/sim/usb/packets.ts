/**
 * Full-speed USB packets and how long they are on the wire: USB 2.0 sections 7.1.9 (bit stuffing), 8.3 (fields), 8.4
 * (formats). Bytes go out least significant bit first; all lengths are in bit times of 1/12 µs.
 */

/** Packet ids with their check nibble. */
export const PID = {
  out: 0xe1,
  in: 0x69,
  sof: 0xa5,
  setup: 0x2d,
  data0: 0xc3,
  data1: 0x4b,
  ack: 0xd2,
  nak: 0x5a,
  stall: 0x1e,
} as const;

export const BITS_PER_US = 12;
const SYNC_BITS = 8;
/** Two bit times SE0, one J. */
const EOP_BITS = 3;
export const HANDSHAKE_BITS = SYNC_BITS + 8 + EOP_BITS;

/** x^5 + x^2 + 1 over the 11 bits of a token, sent in order from bit 0; complemented. 8.3.5.1 */
export function crc5(elevenBits: number): number {
  let crc = 0x1f;
  for (let i = 0; i < 11; i++) crc = (crc ^ (elevenBits >> i)) & 1 ? (crc >> 1) ^ 0x14 : crc >> 1;
  return ~crc & 0x1f;
}

const CRC16 = Uint16Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let i = 0; i < 8; i++) crc = crc & 1 ? (crc >> 1) ^ 0xa001 : crc >> 1;
  return crc;
});

/** x^16 + x^15 + x^2 + 1, complemented. 8.3.5.2 */
export function crc16(bytes: Uint8Array): number {
  let crc = 0xffff;
  for (let i = 0; i < bytes.length; i++) crc = CRC16[(crc ^ bytes[i]!) & 0xff]! ^ (crc >> 8);
  return ~crc & 0xffff;
}

/** Address, endpoint (or the eleven bits of a frame number) and CRC5, as the two bytes after the PID. */
function tokenField(elevenBits: number): number {
  return elevenBits | (crc5(elevenBits) << 11);
}

export function tokenPacket(pid: number, address: number, endpoint: number): Uint8Array {
  const field = tokenField(address | (endpoint << 7));
  return Uint8Array.of(pid, field & 0xff, field >> 8);
}

export function sofPacket(frame: number): Uint8Array {
  const field = tokenField(frame & 0x7ff);
  return Uint8Array.of(PID.sof, field & 0xff, field >> 8);
}

export function dataPacket(pid: number, payload: Uint8Array): Uint8Array {
  const packet = new Uint8Array(payload.length + 3);
  const crc = crc16(payload);
  packet[0] = pid;
  packet.set(payload, 1);
  packet[payload.length + 1] = crc & 0xff;
  packet[payload.length + 2] = crc >> 8;
  return packet;
}

/** After so many ones in a row (0–5) and a byte: ones in a row at its end | stuffed bits << 4. */
const STUFFING = Uint8Array.from({ length: 6 * 256 }, (_, i) => {
  let ones = i >> 8;
  let stuffed = 0;
  for (let bit = 0; bit < 8; bit++) {
    ones = (i >> bit) & 1 ? ones + 1 : 0;
    if (ones < 6) continue;
    stuffed++;
    ones = 0;
  }
  return ones | (stuffed << 4);
});

/** Bit times of a packet from the first bit of SYNC to the end of EOP, with the bits its own contents stuff. */
export function packetBits(packet: Uint8Array): number {
  // SYNC ends in a one, which counts
  let ones = 1;
  let stuffed = 0;
  for (let i = 0; i < packet.length; i++) {
    const step = STUFFING[(ones << 8) | packet[i]!]!;
    ones = step & 15;
    stuffed += step >> 4;
  }
  return SYNC_BITS + 8 * packet.length + stuffed + EOP_BITS;
}

/** The longest a data packet of so many bytes can be: one stuffed bit after every six. */
export function longestDataBits(bytes: number): number {
  return SYNC_BITS + Math.ceil(((bytes + 3) * 8 * 7) / 6) + EOP_BITS;
}
