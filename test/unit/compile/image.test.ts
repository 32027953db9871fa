import { describe, expect, it } from 'vitest';
import {
  HarnessMode,
  InputEncoding,
  Kernel,
  ResultKind,
  readImageConfig,
} from '../../../src-main/abi/generated.ts';
import { crc32 } from '../../../src-main/base/crc.ts';
import { orThrow } from '../../../src-main/base/errors.ts';
import { pico } from '../../../src-main/board/pico.ts';
import {
  buildImage,
  withMode,
  type HarnessConfig,
  type ImageKernel,
} from '../../../src-main/compile/image.ts';
import { readKernels } from '../../../src-main/compile/kernel-pack.ts';
import { loadPrebuilt } from '../../../src-main/compile/prebuilt.ts';
import type { Program } from '../../../src-main/compile/program.ts';
import { decodeUf2 } from '../../../src-main/compile/uf2.ts';
import { identityProgram } from '../firmware/identity-program.ts';

const prebuilt = orThrow(loadPrebuilt(pico));
const program = identityProgram({ units: 32, layers: 2, scale: 0.1, zeroPoint: 0 });
const config: HarnessConfig = {
  mode: HarnessMode.Performance,
  inputEncoding: InputEncoding.Raw,
  resultKind: ResultKind.Scores,
  model: 'kws01',
  vendor: 'unspecified',
};
const parts = { board: pico, firmware: prebuilt.firmware, kernels: prebuilt.kernels, program, config };
const configAt = pico.image.configOffset;

describe('An image', () => {
  const image = orThrow(buildImage(parts));

  it('holds firmware, configuration and Program where the board descriptor says', () => {
    expect(image.bin.subarray(0, prebuilt.firmware.length)).toEqual(prebuilt.firmware);
    expect(image.bin.subarray(pico.image.programOffset)).toEqual(program.bytes);
    const block = image.bin.subarray(configAt, configAt + 128);
    const read = readImageConfig(new DataView(block.buffer, block.byteOffset, 128), 0);
    expect(read).toMatchObject({
      mode: HarnessMode.Performance,
      baud: 115200,
      programAddress: 0x1001_1000,
      programBytes: program.bytes.length,
      idleUsBeforeWindow: 1_000_000,
      crc32: crc32(block.subarray(12)),
    });
  });

  it('is the same in the UF2 and in the binary', () => {
    const decoded = orThrow(decodeUf2(image.uf2, { familyId: 0xe48b_ff56, flash: pico.flash }));
    expect(decoded.address).toBe(pico.flash.base);
    expect(decoded.bytes.subarray(0, image.bin.length)).toEqual(image.bin);
    expect(decoded.bytes.subarray(image.bin.length).every((b) => b === 0xff)).toBe(true);
  });

  it('differs between modes in the configuration block only', () => {
    const energy = orThrow(withMode(image, HarnessMode.Energy));
    expect(energy.config.baud).toBe(9600);
    const differing = [...image.bin.keys()].filter((i) => image.bin[i] !== energy.bin[i]);
    expect(differing.length).toBeGreaterThan(0);
    expect(differing.every((i) => i >= configAt && i < configAt + 128)).toBe(true);
    expect(energy.firmwareHash).toBe(image.firmwareHash);
    expect(energy.programHash).toBe(image.programHash);
    expect(orThrow(withMode(energy, HarnessMode.Performance)).uf2).toEqual(image.uf2);
  });

  it('carries the kernels its Program uses and no other, byte for byte as they were built', () => {
    expect(image.kernels.map((k) => k.kernel)).toEqual([Kernel.FullyConnectedS8]);
    const built = prebuilt.kernels!.kernels.find((k) => k.kernel === Kernel.FullyConnectedS8)!;
    const [{ runAddress, runBytes, checkAddress, checkBytes }] = image.kernels as [ImageKernel];
    const at = (address: number, bytes: number) =>
      image.bin.subarray(address - pico.flash.base, address - pico.flash.base + bytes);
    expect(at(runAddress, runBytes)).toEqual(built.run.bytes);
    expect(at(checkAddress, checkBytes)).toEqual(built.check.bytes);
    const table = at(image.config.kernelsAddress, image.config.kernelsBytes);
    expect(orThrow(readKernels(table))).toMatchObject({ pack: prebuilt.kernels!.pack });
    expect(image.config.kernelsAddress).toBeGreaterThanOrEqual(pico.flash.base + prebuilt.firmware.length);
  });

  it('may come without a Program, and then carries every kernel', () => {
    const empty = orThrow(buildImage({ ...parts, program: null }));
    expect(empty.programHash).toBeNull();
    expect(empty.config.programAddress).toBe(0);
    expect(empty.kernels.map((k) => k.kernel)).toEqual(prebuilt.kernels!.kernels.map((k) => k.kernel));
  });
});

const padded = (bytes: number): Program => ({ ...program, bytes: new Uint8Array(bytes) });
const withArena = (arenaBytes: number): Program => ({
  ...program,
  header: { ...program.header, arenaBytes },
});
const room = pico.flash.bytes - pico.image.programOffset;

describe('What does not fit is refused before anything is flashed', () => {
  it('takes a Program to the last byte of flash and refuses one byte more', () => {
    expect(buildImage({ ...parts, program: padded(room) }).ok).toBe(true);
    expect(buildImage({ ...parts, program: padded(room + 1) })).toMatchObject({
      ok: false,
      id: 'image.flash-too-small',
      facts: { overBytes: 1 },
    });
  });

  it('takes an arena to the last byte of RAM and refuses one byte more', () => {
    expect(buildImage({ ...parts, program: withArena(pico.image.arenaBytes) }).ok).toBe(true);
    expect(buildImage({ ...parts, program: withArena(pico.image.arenaBytes + 1) })).toMatchObject({
      ok: false,
      id: 'image.ram-too-small',
      facts: { overBytes: 1 },
    });
  });

  const wide = identityProgram({ units: 8192, layers: 1, scale: 1, zeroPoint: 0 });
  it.each([
    [
      'a float input above what db can hold',
      {
        program: { ...wide, bytes: program.bytes },
        config: { ...config, inputEncoding: InputEncoding.Float32 },
      },
      'image.input-too-large',
    ],
    ['kernels of another build', { kernels: { ...prebuilt.kernels!, pack: 1 } }, 'image.other-kernels'],
    ['no kernels where the firmware has none compiled in', { kernels: null }, 'image.other-kernels'],
    [
      'a Program with a kernel that was not built for the board',
      { kernels: { ...prebuilt.kernels!, kernels: prebuilt.kernels!.kernels.slice(0, 2) } },
      'image.kernel-missing',
    ],
    ['a firmware that is cut off', { firmware: prebuilt.firmware.subarray(0, -256) }, 'image.bad-firmware'],
    ['a firmware that is not ours', { firmware: new Uint8Array(4096) }, 'image.bad-firmware'],
    ['a firmware of a few bytes', { firmware: new Uint8Array(16) }, 'image.bad-firmware'],
    [
      'a firmware larger than its room',
      { firmware: new Uint8Array(64 * 1024 + 1) },
      'image.firmware-too-large',
    ],
    ['an empty model name', { config: { ...config, model: '' } }, 'image.bad-name'],
    ['a model name of 25 characters', { config: { ...config, model: 'x'.repeat(25) } }, 'image.bad-name'],
    ['a vendor that would end the reply', { config: { ...config, vendor: 'a]b' } }, 'image.bad-name'],
    ['a vendor that is not ASCII', { config: { ...config, vendor: 'Müller' } }, 'image.bad-name'],
    ['a rate of nothing', { config: { ...config, baud: 0 } }, 'image.bad-baud'],
    ['an idle time under a second', { config: { ...config, idleUsBeforeWindow: 999_999 } }, 'image.bad-idle'],
  ])('refuses %s', (_, change, id) => {
    expect(buildImage({ ...parts, ...change })).toMatchObject({ ok: false, id });
  });

  it('refuses a boot2 whose check word is wrong', () => {
    const firmware = prebuilt.firmware.slice();
    firmware[255]! ^= 1;
    expect(buildImage({ ...parts, firmware })).toMatchObject({ ok: false, id: 'image.bad-firmware' });
  });

  it('says so where no firmware is committed for a board', () => {
    expect(loadPrebuilt({ ...pico, id: 'nonesuch' })).toMatchObject({ ok: false, id: 'image.no-prebuilt' });
  });
});
