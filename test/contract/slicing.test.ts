/**
 * How time is cut into slices, and which thread computes it, never changes a result: boot, `db load`, one inference and
 * one UART overrun, down to every byte's arrival, every pin edge's time and the charge taken.
 */
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { orThrow } from '../../src-main/base/errors.ts';
import { openSession } from '../../src-main/device/session.ts';
import type { DutActivity } from '../../src-main/sim/parts.ts';
import { openSimulatedBench, type SimulatedBenchOptions } from '../../src-main/sim/simulated-bench.ts';
import { EmulatedPico } from '../../src-main/sim/pico/emulated-pico.ts';
import { tinyImage } from '../unit/sim/firmware-image.ts';
import {
  code,
  fullSpeed,
  poll,
  read,
  REG,
  scriptImage,
  startUart,
  write,
  type Step,
} from '../unit/sim/pico/script-image.ts';

const SLICES = [1, 7, 1_000, 200_000];

interface Outcome {
  readonly transcript: string;
  readonly endUs: number;
  readonly chargeC: number;
  readonly latencyUs: number;
}

async function runFirmware(options: Partial<SimulatedBenchOptions>): Promise<Outcome> {
  const { uf2, inputBytes } = tinyImage();
  await using bench = orThrow(
    await openSimulatedBench({ seed: 3, monitor: 'none', inProcess: true, ...options }),
  );
  orThrow(await bench.programmer.program(uf2));
  const hash = createHash('sha256');
  // every byte with its arrival time: the session reads through this
  const { dut } = bench;
  const recorded = {
    address: dut.address,
    clock: dut.clock,
    deterministic: true,
    write: (b: Uint8Array) => dut.write(b),
    setBaud: (baud: number) => dut.setBaud(baud),
    discardInput: () => dut.discardInput(),
    [Symbol.asyncDispose]: () => dut[Symbol.asyncDispose](),
    read: async (request: Parameters<typeof dut.read>[0]) => {
      const r = await dut.read(request);
      if (r.kind === 'bytes') hash.update(`${dut.clock.nowUs()}:`).update(r.bytes);
      return r;
    },
  };
  const session = orThrow(
    await openSession(recorded, { baud: 115_200, mode: 'performance', bootUs: 1_000_000 }),
  );
  orThrow(await session.loadInput(Uint8Array.from({ length: inputBytes }, (_, i) => i * 37)));
  const inference = orThrow(await session.infer(1, 0));
  return {
    transcript: hash.digest('hex'),
    endUs: bench.clock.nowUs(),
    chargeC: await bench.worldCharge(0, bench.clock.nowUs()),
    latencyUs: inference.latencyUs ?? NaN,
  };
}

describe('the simulated bench', () => {
  it('gives the same with slices of 1, 7, 1 000 and 200 000 cycles, in this thread and in a worker', async () => {
    const outcomes: Outcome[] = [];
    for (const sliceCycles of SLICES) outcomes.push(await runFirmware({ sliceCycles }));
    outcomes.push(await runFirmware({ inProcess: false }));
    expect(outcomes[0]!.latencyUs).toBeGreaterThan(100);
    expect(outcomes[0]!.chargeC).toBeGreaterThan(0);
    for (const o of outcomes) expect(o).toEqual(outcomes[0]);
  });
});

const UART_OE = 1 << 10;

/** Lets the FIFO overrun, then reads it empty; the timer's alarm and SysTick run beside it. */
const overrun: Step[] = [
  ...fullSpeed,
  ...startUart(67 * 64 + 52),
  write(REG.TIMER + 0x10, 5_000),
  write(REG.PPB + 0x14, 9_999),
  write(REG.PPB + 0x18, 0),
  write(REG.PPB + 0x10, 5),
  poll(REG.UART0 + 0x3c, UART_OE),
  read(REG.TIMER + 0x28, 0),
  read(REG.PPB + 0x18, 1),
  read(REG.UART0 + 0x18, 2),
  ...Array.from({ length: 33 }, (_, i) => read(REG.UART0, 3 + i)),
  read(REG.TIMER + 0x34, 36),
  code(0xbf30),
];

function runOverrun(sliceCycles: number): { words: number[]; activity: DutActivity[]; cycles: number } {
  const activity: DutActivity[] = [];
  const pico = new EmulatedPico({ activity: { activity: (a) => activity.push(a) }, sliceCycles });
  pico.program(scriptImage(overrun));
  pico.setPower(true, 0);
  // UART0 comes out of reset within 7 ms of power-on; 40 characters, one after the other, from 8 ms on
  for (let i = 0; i < 40; i++)
    pico.uart0Input.send({ startUs: 8_000 + i * 86.8, bitUs: 8.68, byte: 0x40 + i });
  pico.advanceTo(20_000);
  expect(pico.failure).toBeNull();
  const words = [...new Uint32Array(pico.core.sram.slice(0, 4 * 40).buffer)];
  return { words, activity, cycles: pico.now() };
}

describe('an undrained UART FIFO', () => {
  it('overruns at the 33rd character, keeps the first 32, and is the same whatever the slice', () => {
    const outcomes = SLICES.map(runOverrun);
    const { words } = outcomes[0]!;
    expect(words.slice(3, 35)).toEqual(Array.from({ length: 32 }, (_, i) => 0x40 + i));
    for (const o of outcomes) expect(o).toEqual(outcomes[0]);
  });
});
