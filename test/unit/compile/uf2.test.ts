import { describe, expect, it } from 'vitest';
import { orThrow } from '../../../src-main/base/errors.ts';
import { pico } from '../../../src-main/board/pico.ts';
import { decodeUf2, encodeUf2 } from '../../../src-main/compile/uf2.ts';

const target = { familyId: 0xe48b_ff56, flash: pico.flash };
const base = pico.flash.base;
const counted = (n: number) => Uint8Array.from({ length: n }, (_, i) => i * 31 + (i >> 8));

describe('UF2 for the RP2040', () => {
  const file = encodeUf2(
    [
      { address: base, bytes: counted(5000) },
      { address: base + 0x10000, bytes: counted(128) },
    ],
    target.familyId,
  );
  const view = new DataView(file.buffer);

  it('writes 512-byte blocks of 256 bytes with the three magic words, the family and running numbers', () => {
    expect(file.length % 512).toBe(0);
    for (let at = 0, n = 0; at < file.length; at += 512, n++) {
      expect(view.getUint32(at, true)).toBe(0x0a324655);
      expect(view.getUint32(at + 4, true)).toBe(0x9e5d5157);
      expect(view.getUint32(at + 8, true)).toBe(0x2000);
      expect(view.getUint32(at + 16, true)).toBe(256);
      expect(view.getUint32(at + 20, true)).toBe(n);
      expect(view.getUint32(at + 24, true)).toBe(file.length / 512);
      expect(view.getUint32(at + 28, true)).toBe(0xe48bff56);
      expect(view.getUint32(at + 508, true)).toBe(0x0ab16f30);
    }
  });

  it('fills every touched 4 KiB sector whole (erratum E14)', () => {
    const decoded = orThrow(decodeUf2(file, target));
    expect(decoded.segments.map((s) => [s.address, s.bytes.length])).toEqual([
      [base, 8192],
      [base + 0x10000, 4096],
    ]);
    expect([...decoded.bytes.subarray(0, 5000)]).toEqual([...counted(5000)]);
    expect(decoded.bytes.subarray(5000, 0x10000).every((b) => b === 0xff)).toBe(true);
  });

  it('decodes blocks in any order', () => {
    const shuffled = new Uint8Array(file.length);
    const blocks = file.length / 512;
    for (let i = 0; i < blocks; i++)
      shuffled.set(file.subarray(i * 512, (i + 1) * 512), ((i * 7) % blocks) * 512);
    expect(orThrow(decodeUf2(shuffled, target)).bytes).toEqual(orThrow(decodeUf2(file, target)).bytes);
  });

  it('skips blocks that are not for the main flash', () => {
    const note = file.slice(0, 512);
    new DataView(note.buffer).setUint32(8, 1, true);
    const both = new Uint8Array([...note, ...file]);
    expect(orThrow(decodeUf2(both, target)).bytes).toEqual(orThrow(decodeUf2(file, target)).bytes);
  });

  const changed = (at: number, word: number) => {
    const copy = file.slice();
    new DataView(copy.buffer).setUint32(at, word >>> 0, true);
    return copy;
  };
  it.each([
    ['an empty file', new Uint8Array(0), 'uf2.bad-length'],
    ['a cut-off file', file.subarray(0, file.length - 1), 'uf2.bad-length'],
    ['a file without its last block', file.subarray(0, file.length - 512), 'uf2.incomplete'],
    ['a wrong first magic word', changed(0, 1), 'uf2.bad-magic'],
    ['a wrong last magic word', changed(512 + 508, 1), 'uf2.bad-magic'],
    ['another chip’s family', changed(28, 0xe48bff59), 'uf2.wrong-family'],
    ['no family', changed(8, 0), 'uf2.wrong-family'],
    ['a payload of 476 bytes', changed(16, 476), 'uf2.bad-payload-size'],
    ['an address in RAM', changed(12, 0x20000000), 'uf2.bad-address'],
    ['an address beyond the flash', changed(12, base + pico.flash.bytes), 'uf2.bad-address'],
    ['an address across pages', changed(12, base + 0x80), 'uf2.bad-address'],
    ['a repeated number', changed(512 + 20, 0), 'uf2.bad-numbering'],
    ['a page written twice', changed(512 + 12, base), 'uf2.overlap'],
    ['a sector with a hole', changed(512 + 12, base + 0x20000), 'uf2.sparse-sector'],
    ['only blocks to skip', changed(8, 1).subarray(0, 512), 'uf2.empty'],
  ])('refuses %s', (_, bytes, id) => {
    expect(decodeUf2(bytes, target)).toMatchObject({ ok: false, id });
  });

  it('never throws on damaged files', () => {
    for (let at = 0; at < 512; at++) {
      const copy = file.slice();
      copy[at]! ^= 0xff;
      decodeUf2(copy, target);
    }
  });
});
