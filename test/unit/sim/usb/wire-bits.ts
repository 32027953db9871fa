/**
 * USB packets as strings of bits in the order they are sent: checked and measured the way the standard's text does it, bit by
 * bit, for tests. Shares nothing with the implementation's tables.
 */

/** SYNC as data bits before NRZI: 0000 0001 (USB 2.0 7.1.10). */
const SYNC = '00000001';

export function bitsOf(bytes: Uint8Array): string {
  return [...bytes].map((b) => b.toString(2).padStart(8, '0').split('').reverse().join('')).join('');
}

/** Bit times from SYNC to the end of EOP: after each six ones a zero is stuffed. */
export function wireBits(bytes: Uint8Array): number {
  return (SYNC + bitsOf(bytes)).replaceAll('111111', '1111110').length + 3;
}

/** The shift register of 8.3.5: all ones at first, most significant bit out, generator without its highest term. */
function remainder(bits: string, width: number, generator: number): number {
  const top = 1 << (width - 1);
  const mask = (1 << width) - 1;
  let register = mask;
  for (const bit of bits) {
    const feedback = Number(bit) ^ ((register & top) === 0 ? 0 : 1);
    register = ((register << 1) & mask) ^ (feedback ? generator : 0);
  }
  return register;
}

/** Residues a receiver finds over field and CRC together: 8.3.5.1, 8.3.5.2. */
const RESIDUE5 = 0b01100;
const RESIDUE16 = 0b1000_0000_0000_1101;

/** What is wrong with a packet, or null: check nibble of the PID, length, CRC. */
export function packetFault(bytes: Uint8Array): string | null {
  const pid = bytes[0]!;
  if ((pid & 15) !== (~(pid >> 4) & 15)) return 'PID';
  const field = bitsOf(bytes.subarray(1));
  switch (pid & 3) {
    case 1:
      if (bytes.length !== 3) return 'token length';
      return remainder(field, 5, 0b00101) === RESIDUE5 ? null : 'CRC5';
    case 3:
      if (bytes.length < 3 || bytes.length > 67) return 'data length';
      return remainder(field, 16, 0x8005) === RESIDUE16 ? null : 'CRC16';
    default:
      return bytes.length === 1 ? null : 'handshake length';
  }
}
