import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Clock } from '../../../src-main/base/clock.ts';
import { pico } from '../../../src-main/board/pico.ts';
import { orThrow } from '../../../src-main/base/errors.ts';
import { checkUf2 } from '../../../src-main/link/uf2.ts';
import { Uf2DriveProgrammer, type Uf2DriveOptions } from '../../../src-main/link/uf2-drive.ts';

const RP2040 = 0xe48b_ff56;

/** A UF2 as its specification describes it, built here on its own. */
function uf2(blocks: number, change: (view: DataView, block: number) => void = () => undefined): Uint8Array {
  const bytes = new Uint8Array(blocks * 512);
  for (let i = 0; i < blocks; i++) {
    const view = new DataView(bytes.buffer, i * 512, 512);
    [0x0a324655, 0x9e5d5157, 0x2000, 0x1000_0000 + 256 * i, 256, i, blocks, RP2040].forEach((w, k) =>
      view.setUint32(4 * k, w, true),
    );
    view.setUint32(508, 0x0ab16f30, true);
    change(view, i);
  }
  return bytes;
}

let root: string;
let nowUs = 0;
/** What happens while the programmer waits. */
let whileWaiting: () => void;
const clock: Clock = {
  kind: 'virtual',
  nowUs: () => nowUs,
  sleepUntilUs: async (us) => {
    nowUs = Math.max(nowUs, us);
    whileWaiting();
  },
};

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'microjoule-media-'));
  nowUs = 0;
  whileWaiting = () => undefined;
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const plug = (name = 'RPI-RP2') => {
  mkdirSync(join(root, name));
  writeFileSync(
    join(root, name, 'INFO_UF2.TXT'),
    'UF2 Bootloader v3.0\r\nModel: Raspberry Pi RP2\r\nBoard-ID: RPI-RP2\r\n',
  );
};
const programmer = (options: Partial<Uf2DriveOptions> = {}) =>
  new Uf2DriveProgrammer({
    clock,
    boardId: 'RPI-RP2',
    familyId: RP2040,
    mountFolders: [root],
    labelFolder: join(root, 'by-label'),
    ...options,
  });

describe('UF2 drive', () => {
  it('has the family of the board descriptor in its tests', () => {
    expect(pico.program).toEqual({ kind: 'uf2', familyId: RP2040 });
  });

  it('copies the file whole to the drive of that board and waits until it vanished', async () => {
    plug();
    mkdirSync(join(root, 'STICK'));
    writeFileSync(join(root, 'STICK', 'INFO_UF2.TXT'), 'Board-ID: OTHER\n');
    let copied: Buffer | undefined;
    whileWaiting = () => {
      copied ??= readFileSync(join(root, 'RPI-RP2', 'MICROJ.UF2'));
      if (nowUs > 400_000) rmSync(join(root, 'RPI-RP2'), { recursive: true, force: true });
    };
    const image = uf2(300);
    const seen: number[] = [];
    orThrow(await programmer().program(image, (f) => seen.push(f)));
    expect(copied!.equals(Buffer.from(image))).toBe(true);
    expect(seen.at(-1)).toBe(1);
    expect(existsSync(join(root, 'STICK', 'MICROJ.UF2'))).toBe(false);
  });

  it('waits for the drive to appear when asked to', async () => {
    whileWaiting = () => {
      if (nowUs > 2_000_000 && nowUs < 2_100_000) plug();
      if (nowUs > 3_000_000) rmSync(join(root, 'RPI-RP2'), { recursive: true, force: true });
    };
    orThrow(await programmer({ appearUs: 5_000_000 }).program(uf2(2)));
  });

  it('says so when the board did not take it', async () => {
    plug();
    expect(await programmer().program(uf2(2))).toMatchObject({ ok: false, id: 'programmer.not-taken' });
    expect(nowUs).toBeLessThan(15_000_000);
  });

  it('tells no board, an unmounted one and several apart', async () => {
    expect(await programmer().program(uf2(2))).toMatchObject({
      ok: false,
      id: 'programmer.no-drive',
      next: expect.stringContaining('BOOTSEL') as string,
    });
    mkdirSync(join(root, 'by-label'));
    writeFileSync(join(root, 'by-label', 'RPI-RP2'), '');
    expect(await programmer().program(uf2(2))).toMatchObject({
      ok: false,
      id: 'programmer.not-mounted',
      next: expect.stringContaining('udisksctl mount') as string,
    });
    plug();
    plug('RPI-RP21');
    expect(await programmer().program(uf2(2))).toMatchObject({ ok: false, id: 'programmer.several-drives' });
  });

  it('cannot reset, and says what can', async () => {
    expect(await programmer().reset()).toMatchObject({ ok: false, id: 'programmer.cannot-reset' });
  });

  const malformed: [string, Uint8Array][] = [
    ['empty', new Uint8Array(0)],
    ['cut off in a block', uf2(3).subarray(0, 1000)],
    ['cut off between blocks', uf2(3).subarray(0, 1024)],
    ['another file type', new Uint8Array(1024).fill(0x41)],
    ['a block number twice', uf2(3, (v, i) => i === 2 && v.setUint32(20, 1, true))],
    ['a payload of another size', uf2(3, (v, i) => i === 1 && v.setUint32(16, 476, true))],
    ['an address between pages', uf2(3, (v, i) => i === 1 && v.setUint32(12, 0x1000_0180, true))],
    ['two processors', uf2(3, (v, i) => i === 1 && v.setUint32(28, 0xe48b_ff59, true))],
    ['only blocks that are not for flash', uf2(2, (v) => v.setUint32(8, 0x2001, true))],
  ];
  it.each(malformed)('refuses a file before it touches the board: %s', async (_, file) => {
    plug();
    expect(await programmer().program(file)).toMatchObject({ ok: false, id: 'programmer.bad-uf2' });
    expect(existsSync(join(root, 'RPI-RP2', 'MICROJ.UF2'))).toBe(false);
  });

  it('refuses an image for another processor', async () => {
    plug();
    const rp2350 = uf2(2, (v) => v.setUint32(28, 0xe48b_ff59, true));
    expect(await programmer().program(rp2350)).toMatchObject({
      ok: false,
      id: 'programmer.wrong-family',
      facts: { fileFamily: '0xe48bff59' },
    });
    expect(existsSync(join(root, 'RPI-RP2', 'MICROJ.UF2'))).toBe(false);
  });

  it('reads the extent of an image', () => {
    expect(checkUf2(uf2(4))).toEqual({
      ok: true,
      value: { blocks: 4, familyId: RP2040, lowestAddress: 0x1000_0000, endAddress: 0x1000_0400 },
    });
  });
});
