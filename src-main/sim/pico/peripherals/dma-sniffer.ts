/** The DMA's checksum of what passes through one channel: RP2040 data sheet 2.5.5.2. */

const EN = 1;
const BSWAP = 1 << 9;
const OUT_REV = 1 << 10;
const OUT_INV = 1 << 11;
const CRC32_POLYNOMIAL = 0x04c1_1db7;
const CRC16_POLYNOMIAL = 0x1021;
/** CALC, bits 8:5. */
const CRC32 = 0x0;
const CRC32_REVERSED = 0x1;
const CRC16 = 0x2;
const CRC16_REVERSED = 0x3;
const PARITY = 0xe;
const SUM = 0xf;

export class DmaSniffer {
  control = 0;
  /** As written: the seed, then the running value before OUT_REV and OUT_INV. */
  value = 0;

  /** SNIFF_DATA as it reads. */
  get result(): number {
    const turned = this.control & OUT_REV ? reversed(this.value, 32) : this.value;
    return (this.control & OUT_INV ? ~turned : turned) >>> 0;
  }

  watches(channel: number): boolean {
    return (this.control & EN) !== 0 && ((this.control >> 1) & 15) === channel;
  }

  /** One transfer of `bytes` (1, 2, 4) went by, after the channel's own byte swap. */
  see(value: number, bytes: number): void {
    const bits = 8 * bytes;
    const data = this.control & BSWAP ? swapped(value, bytes) : value;
    switch ((this.control >> 5) & 15) {
      case CRC32:
        this.value = crc(this.value, data, bits, 32, CRC32_POLYNOMIAL);
        return;
      case CRC32_REVERSED:
        this.value = crc(this.value, reversed(data, bits), bits, 32, CRC32_POLYNOMIAL);
        return;
      case CRC16:
        this.value = crc(this.value, data, bits, 16, CRC16_POLYNOMIAL);
        return;
      case CRC16_REVERSED:
        this.value = crc(this.value, reversed(data, bits), bits, 16, CRC16_POLYNOMIAL);
        return;
      case PARITY:
        this.value = (this.value ^ parity(data)) & 1;
        return;
      case SUM:
        this.value = (this.value + data) >>> 0;
        return;
      default: // reserved: nothing is calculated
    }
  }

  reset(): void {
    this.control = this.value = 0;
  }
}

/** `value` of `bytes` bytes with their order turned round. */
export function swapped(value: number, bytes: number): number {
  if (bytes === 1) return value;
  if (bytes === 2) return ((value & 0xff) << 8) | ((value >>> 8) & 0xff);
  return ((value << 24) | ((value & 0xff00) << 8) | ((value >>> 8) & 0xff00) | ((value >>> 24) & 0xff)) >>> 0;
}

function reversed(value: number, bits: number): number {
  let out = 0;
  for (let i = 0; i < bits; i++) if ((value >>> i) & 1) out |= 1 << (bits - 1 - i);
  return out >>> 0;
}

/** Most significant bit first, register of `width` bits. */
function crc(start: number, data: number, bits: number, width: number, polynomial: number): number {
  const top = width === 32 ? 0x8000_0000 : 0x8000;
  const mask = width === 32 ? 0xffff_ffff : 0xffff;
  let r = start & mask;
  for (let i = bits - 1; i >= 0; i--) {
    const feedback = ((r & top) !== 0 ? 1 : 0) ^ ((data >>> i) & 1);
    r = (r << 1) & mask;
    if (feedback) r ^= polynomial;
  }
  return r >>> 0;
}

function parity(value: number): number {
  let x = value ^ (value >>> 16);
  x ^= x >>> 8;
  x ^= x >>> 4;
  x ^= x >>> 2;
  return (x ^ (x >>> 1)) & 1;
}
