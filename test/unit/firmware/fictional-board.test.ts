/** The seam of docs/how-to/add-a-board.md, used by a board that does not exist. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HarnessMode, InputEncoding, ResultKind } from '../../../src-main/abi/generated.ts';
import { crc32 } from '../../../src-main/base/crc.ts';
import { orThrow } from '../../../src-main/base/errors.ts';
import type { BoardDescriptor } from '../../../src-main/board/board.ts';
import { pico } from '../../../src-main/board/pico.ts';
import { buildImage } from '../../../src-main/compile/image.ts';
import { engineFolders } from '../../../scripts/engine-sources.ts';
import { describeWith, needs, root } from '../../needs.ts';
import { identityProgram } from './identity-program.ts';

const fictional: BoardDescriptor = {
  ...pico,
  id: 'fictional',
  name: 'A board that does not exist',
  clockHz: 1_000_000,
  flash: { base: 0x0800_0000, bytes: 0x8000, eraseBytes: 0x800 },
  ram: { base: 0x2000_0000, bytes: 0x2000 },
  image: { firmwareBytes: 0x1000, configOffset: 0x1000, programOffset: 0x1800, arenaBytes: 4096 },
  usb: [],
  program: { kind: 'elf' },
};

/** 512 bytes that carry the words an image tool asks for. */
function firmwareBytes(): Uint8Array {
  const bytes = new Uint8Array(512);
  const view = new DataView(bytes.buffer);
  [512, 0x5746_4a4d, 1].forEach((word, i) => view.setUint32(0x11c + 4 * i, word, true));
  return bytes;
}

const program = identityProgram({ units: 8, layers: 2, scale: 0.25, zeroPoint: 0 });
const image = orThrow(
  buildImage({
    board: fictional,
    firmware: firmwareBytes(),
    kernels: null,
    program,
    config: {
      mode: HarnessMode.Performance,
      inputEncoding: InputEncoding.Raw,
      resultKind: ResultKind.Scores,
      model: 'none01',
      vendor: 'nobody',
    },
  }),
);

describe('A descriptor alone', () => {
  it('decides where things lie in flash and what fits', () => {
    expect(image.config.programAddress).toBe(0x0800_1800);
    expect(image.bin.subarray(0x1800)).toEqual(program.bytes);
    const big = { ...program, bytes: new Uint8Array(0x8000 - 0x1800 + 16) };
    expect(buildImage({ ...image.parts, program: big })).toMatchObject({
      ok: false,
      id: 'image.flash-too-small',
    });
  });
});

describeWith([needs.hostCc], 'Eight functions and a descriptor', () => {
  const dir = mkdtempSync(join(tmpdir(), 'microjoule-fictional-'));
  afterAll(() => rmSync(dir, { recursive: true }));
  let said: string;

  beforeAll(() => {
    const cFiles = (folder: string) =>
      readdirSync(join(root, folder))
        .filter((f) => f.endsWith('.c'))
        .map((f) => join(root, folder, f));
    const sources = [
      ...engineFolders(),
      'firmware/engine/frontend',
      'firmware/harness',
      'test/unit/firmware/fictional',
    ].flatMap(cFiles);
    const flags = [
      '-std=gnu11',
      '-O0',
      '-Wall',
      '-Wextra',
      '-Werror',
      '-Wconversion',
      '-fno-strict-aliasing',
    ];
    const gcc = spawnSync('gcc', [...flags, '-o', join(dir, 'dut'), ...sources], { encoding: 'utf8' });
    if (gcc.status !== 0) throw new Error(gcc.stderr);
    writeFileSync(join(dir, 'image.bin'), image.bin);
    writeFileSync(join(dir, 'commands'), 'name%db load 8%db 0001020304050607%infer 3 1%mj id%mj baud 4800%');
    const run = spawnSync(join(dir, 'dut'), [join(dir, 'image.bin'), join(dir, 'commands')], {
      encoding: 'latin1',
    });
    expect(run.status).toBe(0);
    said = run.stdout;
  });

  it('make a device under test', () => {
    expect(said).toContain('m-name-dut-[nobody]');
    expect(said).toContain('m-results-[0.000,0.250,0.500,0.750,1.000,1.250,1.500,1.750]');
    expect(said).toContain(
      `fw=${crc32(firmwareBytes()).toString(16).padStart(8, '0')},program=${program.programHash}`,
    );
    expect(said).toContain('board=fictional,mode=performance,clk=1000000');
    expect(said).toContain('e-[mj baud: not a rate this board can do]');
  });

  it('are eight', () => {
    const header = readFileSync(join(root, 'firmware/harness/port.h'), 'utf8');
    expect([...header.matchAll(/^[\w ]+[ *](mj_port_\w+)\(/gm)].map((m) => m[1])).toHaveLength(8);
  });
});
