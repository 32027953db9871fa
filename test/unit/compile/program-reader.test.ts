import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readProgramHeader } from '../../../src-main/abi/generated.ts';
import { crc32 } from '../../../src-main/base/crc.ts';
import { orThrow } from '../../../src-main/base/errors.ts';
import { Rng } from '../../../src-main/base/rng.ts';
import { pico } from '../../../src-main/board/pico.ts';
import { compile, decodeProgram } from '../../../src-main/compile/compile.ts';
import { readModel } from '../../../src-main/model/reader.ts';
import { root } from '../../needs.ts';

const fresh = orThrow(
  compile(orThrow(readModel(readFileSync(join(root, 'models/tiny-ad.tflite')), 'tiny-ad')), pico),
);

/** Byte positions of header fields (docs/program-format.md). */
const FIELD = {
  magic: 0,
  abiVersion: 4,
  totalBytes: 8,
  crc: 12,
  arena: 48,
  tensorCount: 52,
  opsOffset: 64,
  io: 68,
} as const;

function damaged(change: (view: DataView) => void, mendCrc = true): Uint8Array {
  const bytes = fresh.bytes.slice();
  const view = new DataView(bytes.buffer);
  change(view);
  if (mendCrc)
    view.setUint32(
      FIELD.crc,
      crc32(bytes.subarray(16, Math.min(bytes.length, view.getUint32(8, true)))),
      true,
    );
  return bytes;
}

describe('decodeProgram', () => {
  it('gives back what the compiler made', () => {
    expect(decodeProgram(fresh.bytes)).toEqual({ ok: true, value: fresh });
    expect(fresh.modelName).toBe('tiny-ad');
    expect(fresh.plan).toEqual({
      arenaBytes: readProgramHeader(new DataView(fresh.bytes.buffer), 0).arenaBytes,
      lowerBoundBytes: fresh.header.lowerBoundBytes,
      copiedBytes: 0,
    });
  });

  it('reads a Program followed by other bytes, as in flash', () => {
    const flash = new Uint8Array(fresh.bytes.length + 100).fill(0xff);
    flash.set(fresh.bytes);
    expect(orThrow(decodeProgram(flash)).bytes).toEqual(fresh.bytes);
  });

  it('notices every single flipped bit behind the CRC', () => {
    const rng = new Rng(1);
    for (let k = 0; k < 300; k++) {
      const at = rng.int(16, fresh.bytes.length - 1);
      const bytes = damaged((view) => view.setUint8(at, view.getUint8(at) ^ (1 << rng.int(0, 7))), false);
      expect(decodeProgram(bytes)).toMatchObject({ ok: false, id: 'compile.program-crc' });
    }
  });

  it.each<[string, string, (view: DataView) => void]>([
    ['another magic', 'compile.not-a-program', (v) => v.setUint32(FIELD.magic, 1, true)],
    ['another version', 'compile.program-version', (v) => v.setUint16(FIELD.abiVersion, 99, true)],
    [
      'more bytes than there are',
      'compile.program-truncated',
      (v) => v.setUint32(FIELD.totalBytes, 0x7fff_fff0, true),
    ],
    ['tensors outside the arena', 'compile.program-layout', (v) => v.setUint32(FIELD.arena, 16, true)],
    ['a thousand tensors', 'compile.program-layout', (v) => v.setUint16(FIELD.tensorCount, 1000, true)],
    ['operators outside', 'compile.program-layout', (v) => v.setUint32(FIELD.opsOffset, 0xffff_fff0, true)],
    [
      'an odd section',
      'compile.program-layout',
      (v) => v.setUint32(FIELD.opsOffset, v.getUint32(FIELD.opsOffset, true) + 4, true),
    ],
    [
      'a tensor that does not exist',
      'compile.program-layout',
      (v) => v.setUint16(v.getUint32(FIELD.io, true), 77, true),
    ],
  ])('refuses %s: %s', (_, id, change) => {
    expect(decodeProgram(damaged(change))).toMatchObject({ ok: false, id });
  });

  it('refuses a blob cut off anywhere', () => {
    for (let length = 0; length < fresh.bytes.length; length += 97)
      expect(decodeProgram(fresh.bytes.subarray(0, length))).toMatchObject({
        ok: false,
        id: 'compile.program-truncated',
      });
  });

  it('survives 20 000 damaged tables with a mended CRC', () => {
    const rng = new Rng(2);
    const tables = fresh.header.constsOffset;
    let refused = 0;
    for (let k = 0; k < 20_000; k++) {
      const bytes = damaged((view) => {
        for (let n = rng.int(1, 3); n > 0; n--)
          view.setUint16(2 * rng.int(2, tables / 2 - 1), rng.pick([0, 1, 0xffff, rng.int(0, 0xffff)]), true);
      });
      const result = decodeProgram(bytes);
      if (!result.ok) {
        expect(result.id).toMatch(/^compile\.[a-z-]+$/);
        refused++;
      }
    }
    expect(refused).toBeGreaterThan(5000);
  });
});
