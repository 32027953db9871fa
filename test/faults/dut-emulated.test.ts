/** Faults of the line between a session and the emulated Pico: real firmware, real UART timing, virtual time. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Status } from '../../src-main/abi/generated.ts';
import { crc32 } from '../../src-main/base/crc.ts';
import { orThrow } from '../../src-main/base/errors.ts';
import { Rng } from '../../src-main/base/rng.ts';
import { pico } from '../../src-main/board/pico.ts';
import { calibrationLayers } from '../../src-main/calibrate/layers.ts';
import { compile } from '../../src-main/compile/compile.ts';
import { encodeUf2 } from '../../src-main/compile/uf2.ts';
import { openSession } from '../../src-main/device/session.ts';
import { readModel } from '../../src-main/model/reader.ts';
import { writeModel } from '../../src-main/model/writer.ts';
import { openSimulatedBench, type SimulatedBench } from '../../src-main/sim/simulated-bench.ts';
import { identityProgram } from '../unit/firmware/identity-program.ts';
import { imageOf } from '../unit/firmware/images.ts';

const program = identityProgram({ units: 64, layers: 5, scale: 1 / 256, zeroPoint: -128 });
const input = new Rng(2).bytes(64);

describe('an emulated Pico', () => {
  let bench: SimulatedBench;
  beforeEach(async () => {
    bench = orThrow(await openSimulatedBench({ seed: 1, monitor: 'none' }));
    orThrow(await bench.programmer.program(imageOf(program).uf2));
  });
  afterEach(() => bench[Symbol.asyncDispose]());

  const open = (options = {}) => openSession(bench.dut, { baud: 115_200, bootUs: 1_000_000, ...options });

  it('that is spoken to at the wrong rate is diagnosed, and found when asked to look at the other', async () => {
    const wrong = await open({ baud: 9600 });
    expect(wrong.ok).toBe(false);
    expect(wrong).toMatchObject({ ok: false, id: 'device.garbage', facts: { baud: 9600 } });
    const found = orThrow(await openSession(bench.dut, { baud: 9600, otherBauds: [115_200] }));
    expect(found.identity).toMatchObject({ baud: 115_200, mode: 'performance' });
  });

  it('takes a faster line, on which the same upload takes less time', async () => {
    const session = orThrow(await open());
    const upload = async (): Promise<number> => {
      const beganUs = bench.clock.nowUs();
      orThrow(await session.mj!.load('program', program.bytes));
      return bench.clock.nowUs() - beganUs;
    };
    const slowUs = await upload();
    orThrow(await session.mj!.setBaud(921_600));
    const fastUs = await upload();
    // 8 times the rate; the answers of the device and its checks do not get faster by as much
    expect(fastUs).toBeLessThan(slowUs / 3);
    expect(orThrow(await session.mj!.lineErrors())).toMatchObject({ overruns: 0, dropped: 0 });
    orThrow(await session.loadInput(input));
    orThrow(await session.infer(1, 0));
    expect(orThrow(await session.mj!.output())).toEqual(input);
  });

  it('refuses a Program whose kernels its image does not carry, and keeps its own', async () => {
    const session = orThrow(await open());
    const layer = calibrationLayers(1).find((l) => l.name === 'softmax 0')!;
    const softmax = orThrow(compile(orThrow(readModel(writeModel(layer.spec), 'softmax')), pico));
    expect(await session.mj!.load('program', softmax.bytes)).toMatchObject({
      ok: false,
      id: 'device.kernel-missing',
      facts: { reason: 'UnknownKernel' },
    });
    orThrow(await session.loadInput(input));
    orThrow(await session.infer(1, 0));
    expect(orThrow(await session.mj!.output())).toEqual(input);
    // an image without a Program carries all kernels
    orThrow(await bench.programmer.program(imageOf(null).uf2));
    const empty = orThrow(await open());
    orThrow(await empty.mj!.load('program', softmax.bytes));
    expect(empty.mj!.identity).toMatchObject({ programHash: softmax.programHash, programStatus: 0 });
  });

  it.each([
    ['is damaged', (image: Uint8Array, at: number) => (image[at + 200]! ^= 1)],
    [
      'is of another build',
      (image: Uint8Array, at: number) => new DataView(image.buffer).setUint32(at + 16, 1, true),
    ],
  ])('whose table of kernels %s runs no Program and says which status', async (_, damage) => {
    const built = imageOf(program);
    const bin = Uint8Array.from(built.bin);
    const at = built.config.kernelsAddress - pico.flash.base;
    damage(bin, at);
    const table = bin.subarray(at, at + built.config.kernelsBytes);
    if (bin[at + 200] === built.bin[at + 200])
      new DataView(bin.buffer).setUint32(at + 12, crc32(table.subarray(16)), true);
    const uf2 = encodeUf2([{ address: pico.flash.base, bytes: bin }], 0xe48b_ff56);
    orThrow(await bench.programmer.program(uf2));
    const session = orThrow(await open());
    expect(session.mj!.identity).toMatchObject({ programStatus: Status.UnknownKernel, ops: 0 });
    expect(orThrow(await session.timestamp())).toBeGreaterThan(0);
  });

  it('that cannot do a rate keeps the old one', async () => {
    const session = orThrow(await open());
    expect(await session.mj!.setBaud(50_000_000)).toMatchObject({ ok: false, id: 'device.refused' });
    expect(orThrow(await session.timestamp())).toBeGreaterThan(0);
  });

  it('that is reset in mid-window says so, and works on', async () => {
    const session = orThrow(await open());
    orThrow(await session.loadInput(input));
    const one = orThrow(await session.infer(10, 0));
    const window = session.infer(2000, 0);
    const resetting = bench.clock
      .sleepUntilUs(bench.clock.nowUs() + 1000 * one.latencyUs!)
      .then(() => bench.programmer.reset());
    expect(await window).toMatchObject({ ok: false, id: 'device.reset-in-run' });
    orThrow(await resetting);
    orThrow(await session.resynchronise());
    orThrow(await session.loadInput(input));
    orThrow(await session.infer(1, 0));
    expect(orThrow(await session.mj!.output())).toEqual(input);
  });

  it('that is unplugged in mid-window ends the session; plugged in again it is found by a new one', async () => {
    const session = orThrow(await open());
    orThrow(await session.loadInput(input));
    const latencyUs = orThrow(await session.infer(10, 0)).latencyUs!;
    const window = session.infer(2000, 0);
    const pulling = bench.clock
      .sleepUntilUs(bench.clock.nowUs() + 500 * latencyUs)
      .then(() => bench.unplug('dut'));
    expect(await window).toMatchObject({ ok: false, id: 'link.closed' });
    await pulling;
    const link = bench.replug('dut');
    // It is still at work on the window, and says its late results to the new session first
    const again = orThrow(await openSession(link));
    expect(again.identity.mode).toBe('performance');
    orThrow(await again.infer(1, 0));
    expect(orThrow(await again.mj!.output())).toEqual(input);
  });

  it('loads the 27 648 bytes of a vww01 input through the dialect without a loss', async () => {
    const session = orThrow(await open());
    const big = new Rng(9).bytes(27_648);
    orThrow(await session.loadInputByDialect(big));
    expect(orThrow(await session.mj!.lineErrors())).toMatchObject({ overruns: 0, dropped: 0 });
  });
});
