/**
 * The emulated Pico runs real firmware, supplied by the emulated PPK2; what a third-party client and our decoder read
 * from a pseudo-terminal is held against the world's exact integral of the hidden current.
 */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { HarnessMode } from '../../src-main/abi/generated.ts';
import { WallClock } from '../../src-main/base/clock.ts';
import { orThrow } from '../../src-main/base/errors.ts';
import { Rng } from '../../src-main/base/rng.ts';
import { openSession } from '../../src-main/device/session.ts';
import type { Link } from '../../src-main/link/link.ts';
import { openPty } from '../../src-main/link/pty.ts';
import { openSerial } from '../../src-main/link/serial.ts';
import { PPK2_EXACT_TABLE_ACCURACY } from '../../src-main/monitor/ppk2/accuracy.ts';
import { ppk2Codec } from '../../src-main/monitor/ppk2/decoder.ts';
import { openPpk2 } from '../../src-main/monitor/ppk2/driver.ts';
import { openSimulatedBench } from '../../src-main/sim/simulated-bench.ts';
import { windowEnergy, type WindowEnergy } from '../../src-main/trace/energy.ts';
import { newTraceHeader } from '../../src-main/trace/format.ts';
import { MemoryTraceStore } from '../../src-main/trace/memory-store.ts';
import { recordTrace } from '../../src-main/trace/recording.ts';
import { describeWith, needs, python, root } from '../needs.ts';
import { identityProgram } from '../unit/firmware/identity-program.ts';
import { imageOf } from '../unit/firmware/images.ts';

const VOLTS = 3.3;
const program = identityProgram({ units: 64, layers: 5, scale: 1 / 256, zeroPoint: -128 });

/** What a reader of the PTY says of the one window: samples since its stream began, and the mean current. */
interface Reading {
  readonly firstSample: number;
  readonly endSample: number;
  readonly meanA: number;
  readonly energy?: WindowEnergy;
}

async function openBench(seed: number) {
  const bench = orThrow(
    await openSimulatedBench({ seed, monitor: 'ppk2', currentModel: { operatorsPerInference: 5 } }),
  );
  orThrow(await bench.programmer.program(imageOf(program, { mode: HarnessMode.Energy }).uf2));
  return bench;
}

/** One window of about 0.3 s, after the firmware's second of sleep. */
async function inferOnce(dut: Link): Promise<void> {
  const session = orThrow(await openSession(dut, { baud: 9600, bootUs: 1_000_000 }));
  orThrow(await session.loadInput(new Rng(2).bytes(64)));
  orThrow(await session.infer(400, 0));
}

async function recordWindow(monitorLink: Link, drive: (() => Promise<void>) | null): Promise<Reading> {
  await using monitor = orThrow(await openPpk2(monitorLink, { reading: 'passive' }));
  orThrow(await monitor.setSupply({ mode: 'source', millivolts: VOLTS * 1000 }));
  const header = newTraceHeader(monitor.streamFormat, { traceId: 't', title: 't', source: 'emulated' });
  const recording = recordTrace(monitor, new MemoryTraceStore(header), ppk2Codec);
  orThrow(await monitor.setDutPower(true));
  await drive?.();
  const window = orThrow(await recording.waitForWindow(0, monitor.clock.nowUs() + 60e6));
  const energy = orThrow(windowEnergy(recording.trace, window, { accuracy: PPK2_EXACT_TABLE_ACCURACY }));
  expect(await recording.stop()).toMatchObject({ kind: 'complete', missingSamples: 0 });
  return { firstSample: window.startSample, endSample: window.endSample, meanA: energy.meanA, energy };
}

async function readWithClient(path: string): Promise<Reading> {
  const child = spawn(python!, [
    join(root, 'test/oracle/ppk2_oracle.py'),
    'read',
    path,
    String(VOLTS * 1000),
    '30',
  ]);
  let out = '';
  let errors = '';
  child.stdout.on('data', (d: Buffer) => (out += d.toString()));
  child.stderr.on('data', (d: Buffer) => (errors += d.toString()));
  const code = await new Promise((resolve) => child.on('close', resolve));
  if (code !== 0) throw new Error(errors);
  const got = JSON.parse(out) as { first: number; last: number; windowMeanUa: number };
  return { firstSample: got.first, endSample: got.last + 1, meanA: got.windowMeanUa * 1e-6 };
}

/** The bench's monitor on a pseudo-terminal: the reader's commands in, the stream out, as fast as it is taken. */
async function throughPty(seed: number, read: (path: string) => Promise<Reading>) {
  await using bench = await openBench(seed);
  const pty = orThrow(await openPty(new WallClock()));
  let startUs = -1;
  let over = false;
  const commands = (async () => {
    for (;;) {
      const got = await pty.link.read({ deadlineUs: Infinity });
      if (got.kind !== 'bytes') return;
      if (startsStream(got.bytes)) startUs = bench.clock.nowUs();
      orThrow(await bench.monitor!.write(got.bytes));
    }
  })();
  const stream = (async () => {
    while (!over) {
      const got = await bench.monitor!.read({ deadlineUs: bench.clock.nowUs() + 5000 });
      if (got.kind === 'bytes' && !(await pty.link.write(got.bytes)).ok) return;
      // the reader's answer to what it has read must get a turn before time goes on
      await new Promise((resolve) => setImmediate(resolve));
    }
  })();
  const window = (async () => {
    while (startUs < 0 && !over) await new Promise((resolve) => setTimeout(resolve, 5));
    if (!over) await inferOnce(bench.dut);
  })();
  let reading: Reading;
  try {
    [reading] = await Promise.all([read(pty.path), window]);
  } finally {
    over = true;
    // a write that nobody reads any more ends with the terminal
    await pty[Symbol.asyncDispose]();
    await Promise.all([stream, commands]);
  }
  const truthC = await bench.worldCharge(
    startUs + reading.firstSample * 10,
    startUs + reading.endSample * 10,
  );
  return { reading, truthJ: truthC * VOLTS };
}

/** Whole commands only: nobody here sends them in pieces. */
function startsStream(bytes: Uint8Array): boolean {
  const payload: Record<number, number> = { 0x0c: 1, 0x0d: 2, 0x11: 1 };
  for (let i = 0; i < bytes.length; i += 1 + (payload[bytes[i]!] ?? 0)) if (bytes[i] === 0x06) return true;
  return false;
}

function joules(r: Reading): number {
  return r.meanA * (r.endSample - r.firstSample) * 1e-5 * VOLTS;
}

describe('energy of a window of the emulated Pico', () => {
  it('in virtual time: equal to the world’s integral within 0.5 % and within the stated bound', async () => {
    for (const seed of [1, 2]) {
      await using bench = await openBench(seed);
      let startUs = 0;
      const monitor: Link = {
        ...linkOf(bench.monitor!),
        write: (bytes) => {
          if (startsStream(bytes)) startUs = bench.clock.nowUs();
          return bench.monitor!.write(bytes);
        },
      };
      const r = await recordWindow(monitor, () => inferOnce(bench.dut));
      const truthJ =
        (await bench.worldCharge(startUs + r.firstSample * 10, startUs + r.endSample * 10)) * VOLTS;
      const { gross, net, notes } = r.energy!;
      expect(notes).toEqual([]);
      expect(Math.abs(gross.joules / truthJ - 1)).toBeLessThan(0.005);
      expect(Math.abs(gross.joules - truthJ)).toBeLessThan(gross.systematicJ);
      expect(net!.joules).toBeGreaterThan(0.2 * gross.joules);
    }
  });
});

function linkOf(link: Link): Link {
  return {
    address: link.address,
    clock: link.clock,
    deterministic: link.deterministic,
    write: (b) => link.write(b),
    read: (r) => link.read(r),
    setBaud: (b) => link.setBaud(b),
    discardInput: () => link.discardInput(),
    [Symbol.asyncDispose]: () => link[Symbol.asyncDispose](),
  };
}

describeWith(
  [needs.python, needs.socat],
  'energy of a window of the emulated Pico, through a pseudo-terminal',
  () => {
    it('ppk2-api and our decoder both equal the world’s integral within 0.5 %', async () => {
      const clock = new WallClock();
      const ours = await throughPty(3, async (path) =>
        recordWindow(orThrow(await openSerial({ path, baud: 115_200, clock })), null),
      );
      const theirs = await throughPty(3, readWithClient);
      for (const { reading, truthJ } of [ours, theirs])
        expect(Math.abs(joules(reading) / truthJ - 1)).toBeLessThan(0.005);
      expect(Math.abs(joules(ours.reading) / joules(theirs.reading) - 1)).toBeLessThan(0.001);
    });
  },
);
