import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A WAV file by hand, byte for byte: the reader under test shares nothing with it. */
export interface WavBytes {
  readonly tag?: number;
  readonly channels?: number;
  readonly rateHz?: number;
  readonly bits?: number;
  readonly data: Uint8Array;
  /** What the data chunk claims to hold. */
  readonly declared?: number;
  readonly blockAlign?: number;
  readonly extensibleTag?: number;
  /** Chunks before fmt, and between fmt and data. */
  readonly before?: Uint8Array;
  readonly between?: Uint8Array;
}

export function chunk(id: string, body: Uint8Array, declared = body.length): Uint8Array {
  const padded = body.length + (body.length & 1);
  const out = Buffer.alloc(8 + padded);
  out.write(id, 0, 'latin1');
  out.writeUInt32LE(declared >>> 0, 4);
  out.set(body, 8);
  return out;
}

export function wavBytes(w: WavBytes): Uint8Array {
  const channels = w.channels ?? 1;
  const bits = w.bits ?? 16;
  const rate = w.rateHz ?? 16000;
  const align = w.blockAlign ?? (bits / 8) * channels;
  const fmt = Buffer.alloc(w.extensibleTag === undefined ? 16 : 40);
  fmt.writeUInt16LE(w.tag ?? 1, 0);
  fmt.writeUInt16LE(channels, 2);
  fmt.writeUInt32LE(rate, 4);
  fmt.writeUInt32LE(rate * align, 8);
  fmt.writeUInt16LE(align, 12);
  fmt.writeUInt16LE(bits, 14);
  if (w.extensibleTag !== undefined) {
    fmt.writeUInt16LE(22, 16);
    fmt.writeUInt16LE(bits, 18);
    fmt.writeUInt16LE(w.extensibleTag, 24);
    Buffer.from('000000001000800000aa00389b71', 'hex').copy(fmt, 26);
  }
  const parts = [
    Buffer.from('WAVE'),
    w.before ?? new Uint8Array(0),
    chunk('fmt ', fmt),
    w.between ?? new Uint8Array(0),
    chunk('data', w.data, w.declared ?? w.data.length),
  ];
  return Buffer.concat([chunk('RIFF', Buffer.concat(parts))]);
}

/** A folder for one test file's inputs. */
export function scratchFolder(): {
  readonly dir: string;
  file(name: string, bytes: Uint8Array | string): string;
  remove(): void;
} {
  const dir = mkdtempSync(join(tmpdir(), 'mj-stream-'));
  return {
    dir,
    file(name, bytes) {
      const path = join(dir, name);
      writeFileSync(path, bytes);
      return path;
    },
    remove: () => rmSync(dir, { recursive: true, force: true }),
  };
}

export function int16Bytes(values: readonly number[]): Uint8Array {
  const out = Buffer.alloc(values.length * 2);
  values.forEach((v, i) => out.writeInt16LE(v, 2 * i));
  return out;
}
