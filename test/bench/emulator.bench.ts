/**
 * Emulated cycles per second, with the XIP cache and a per-PC profile, beside rp2040js in the same run on the same code: of the bare core (an int8 dot product
 * from flash) and of the whole Pico while the prebuilt firmware infers our keyword spotter. In the first 0.2 s of
 * a fresh instance and warm.
 */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { RP2040 } from 'rp2040js';
import { M0Core } from '../../src-main/sim/pico/core/core.ts';
import { CPU } from '../../src-main/sim/pico/core/cpu-state.ts';
import type { Uf2Page } from '../../src-main/sim/pico/uf2.ts';
import { BusyPico, BusyRp2040js, kwsSynPages, threadSeconds, type Sample } from './whole-pico.ts';

export const name = 'emulator';

const FLASH = 0x1000_0000;
const ENTRY = FLASH + 0x100;
const STACK = 0x2003_0000;
const SLICE = 200_000;

/**
 * r0, r1 walk two int8 vectors of 128 in SRAM, r4 sums; then a subroutine shifts, clamps and stores. About the mix of
 * the firmware's kernels: a fifth loads, a tenth multiplies, a twentieth branches.
 */
const DOT_PRODUCT = [
  // start: ldr r0, =0x20004000; ldr r1, =0x20005000; ldr r5, =0x20006000; movs r4, #0; movs r7, #64
  0x480f, 0x4910, 0x4d10, 0x2400, 0x2740,
  // loop: twice {ldrb r2, [r0, #n]; ldrb r3, [r1, #n]; sxtb r2, r2; sxtb r3, r3; muls r2, r3; adds r4, r4, r2}
  0x7802, 0x780b, 0xb252, 0xb25b, 0x435a, 0x18a4, 0x7842, 0x784b, 0xb252, 0xb25b, 0x435a, 0x18a4,
  // adds r0, #2; adds r1, #2; subs r7, #1; bne loop; bl tail; b start
  0x3002, 0x3102, 0x3f01, 0xd1ef, 0xf000, 0xf801, 0xe7e7,
  // tail: push {r4, lr}; asrs r4, r4, #7; cmp r4, #127; ble over; movs r4, #127; over: strb r4, [r5]; pop {r4, pc}
  0xb510, 0x11e4, 0x2c7f, 0xdd00, 0x247f, 0x702c, 0xbd10, 0x0000,
  0x4000, 0x2000, 0x5000, 0x2000, 0x6000, 0x2000,
]; // prettier-ignore

function millionsPerSecond(s: Sample): number {
  return Math.round(s.cycles / s.seconds / 1e6);
}

function image(): Uint8Array {
  return new Uint8Array(Uint16Array.from(DOT_PRODUCT).buffer);
}

function ours(): { first: Sample; warm: Sample } {
  const core = new M0Core({
    read: () => 0,
    write: () => undefined,
    refuseFetch: (address) => {
      throw new Error(`the benchmark left its code: ${address.toString(16)}`);
    },
    staleCache: () => undefined,
  });
  core.flash.set(image(), ENTRY - FLASH);
  core.forgetAll();
  core.state[CPU.xipBytes] = core.flash.length;
  core.state[13] = STACK;
  core.state[15] = ENTRY;
  const run = (seconds: number): Sample => {
    const began = threadSeconds();
    let cycles = 0;
    let elapsed = 0;
    while (elapsed < seconds) {
      core.signedState[CPU.left] = SLICE;
      core.run();
      cycles += SLICE - core.signedState[CPU.left]!;
      elapsed = threadSeconds() - began;
    }
    return { cycles, seconds: elapsed };
  };
  return { first: run(0.2), warm: best(() => run(0.5)) };
}

function best(measure: () => Sample): Sample {
  return [measure(), measure(), measure()].reduce((a, b) =>
    millionsPerSecond(a) >= millionsPerSecond(b) ? a : b,
  );
}

function theirs(): { first: Sample; warm: Sample } {
  const chip = new RP2040();
  chip.logger = { debug() {}, info() {}, warn() {}, error() {} };
  chip.flash.set(image(), ENTRY - FLASH);
  const { core } = chip;
  core.SP = STACK;
  core.PC = ENTRY;
  const run = (seconds: number): Sample => {
    const began = threadSeconds();
    const from = core.cycles;
    let elapsed = 0;
    while (elapsed < seconds) {
      for (let i = 0; i < 10_000; i++) core.executeInstruction();
      elapsed = threadSeconds() - began;
    }
    return { cycles: core.cycles - from, seconds: elapsed };
  };
  return { first: run(0.2), warm: best(() => run(0.5)) };
}

/** `first`: the first 0.2 s. */
interface Speeds {
  readonly first: Sample;
  readonly warm: Sample;
}

function speedsOf(chip: { first(seconds: number): Sample; run(seconds: number): Sample }): Speeds {
  return { first: chip.first(0.2), warm: best(() => chip.run(0.5)) };
}

function figuresOf(prefix: string, mine: Speeds, other: Speeds): Record<string, number> {
  const [warm, oracle] = [millionsPerSecond(mine.warm), millionsPerSecond(other.warm)];
  return {
    [`${prefix}FirstMcyclesPerS`]: millionsPerSecond(mine.first),
    [`${prefix}WarmMcyclesPerS`]: warm,
    [`${prefix}Rp2040jsFirstMcyclesPerS`]: millionsPerSecond(other.first),
    [`${prefix}Rp2040jsWarmMcyclesPerS`]: oracle,
    [`${prefix}TimesRp2040js`]: Math.round((warm / oracle) * 10) / 10,
  };
}

interface Check {
  readonly name: string;
  readonly value: number;
  readonly limit: number;
  readonly ok: boolean;
}

function atLeast(name: string, value: number, limit: number): Check {
  return { name, value, limit, ok: value >= limit };
}

/** Inferring Picos, one a worker, at the same time: cycles per second of a core, on average. */
async function together(count: number, pages: readonly Uf2Page[], seconds: number): Promise<number> {
  const workers = Array.from(
    { length: count },
    () => new Worker(new URL('./busy-worker.ts', import.meta.url), { workerData: { pages, seconds } }),
  );
  // each says when it is warm; then all start
  await Promise.all(workers.map((w) => once(w, 'message')));
  const done = workers.map((w) => once(w, 'message') as Promise<[Sample]>);
  for (const w of workers) w.postMessage('go');
  const samples = await Promise.all(done);
  await Promise.all(workers.map((w) => w.terminate()));
  return samples.reduce((n, [s]) => n + s.cycles / s.seconds, 0) / count;
}

/** The median of three ratios of neighbours in time: four instances share the cores and caches that two have. */
async function scaling(pages: readonly Uf2Page[]): Promise<{ two: number; four: number; ratio: number }> {
  const rounds: { two: number; four: number }[] = [];
  for (let i = 0; i < 3; i++) {
    const two = await together(2, pages, 0.5);
    rounds.push({ two, four: await together(4, pages, 0.5) });
  }
  rounds.sort((a, b) => a.four / a.two - b.four / b.two);
  const { two, four } = rounds[1]!;
  return { two, four, ratio: Math.round((four / two) * 100) / 100 };
}

const MAX_INSTANCE_MB = 64;

export async function bench(): Promise<{ figures: Record<string, number>; checks: Check[] }> {
  const pages = kwsSynPages();
  // first of all, while nothing of the emulator is compiled yet
  const busy = new BusyPico(pages, true);
  const pico = speedsOf(busy);
  const plain = speedsOf(new BusyPico(pages));
  const picoOther = speedsOf(new BusyRp2040js(pages));
  const [core, coreOther] = [ours(), theirs()];
  const memoryMb = Math.round(busy.memoryBytes / 2 ** 20);
  const { two, four, ratio } = await scaling(pages);
  const figures: Record<string, number> = {
    ...figuresOf('pico', pico, picoOther),
    picoUnprofiledWarmMcyclesPerS: millionsPerSecond(plain.warm),
    ...figuresOf('core', core, coreOther),
    instanceMb: memoryMb,
    twoInstancesMcyclesPerCoreS: Math.round(two / 1e6),
    fourInstancesMcyclesPerCoreS: Math.round(four / 1e6),
  };
  return {
    figures,
    checks: [
      atLeast(
        'whole Pico inferring, XIP and profile, first 0.2 s, Mcycles/s',
        millionsPerSecond(pico.first),
        250,
      ),
      atLeast('whole Pico inferring, XIP and profile, warm, Mcycles/s', millionsPerSecond(pico.warm), 300),
      atLeast('whole Pico inferring, times rp2040js', figures.picoTimesRp2040js!, 5),
      atLeast('bare core, code in flash, warm, Mcycles/s', millionsPerSecond(core.warm), 250),
      {
        name: 'memory of an instance, MB',
        value: memoryMb,
        limit: MAX_INSTANCE_MB,
        ok: memoryMb <= MAX_INSTANCE_MB,
      },
      atLeast('four instances over two, cycles a second of a core', ratio, 0.9),
    ],
  };
}
