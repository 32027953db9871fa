/**
 * How time is cut into slices, and which thread computes it, never changes a result: boot, `db load`, one inference and
 * UART overruns, down to every byte's arrival, every pin edge's time, the cycles and the charge taken.
 */
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { orThrow } from '../../src-main/base/errors.ts';
import { openSession } from '../../src-main/device/session.ts';
import type { DutActivity } from '../../src-main/sim/parts.ts';
import { openSimulatedBench, type SimulatedBenchOptions } from '../../src-main/sim/simulated-bench.ts';
import { HostUart } from '../../src-main/sim/host-uart.ts';
import { EmulatedPico, type PicoProfile } from '../../src-main/sim/pico/emulated-pico.ts';
import { readUf2 } from '../../src-main/sim/pico/uf2.ts';
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

const SLICES = [1, 7, 100, 12_500, 200_000];

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
  it('gives the same with slices of 1, 7, 100, 12 500 and 200 000 cycles, in this thread and in a worker', async () => {
    const outcomes: Outcome[] = [];
    for (const sliceCycles of SLICES) outcomes.push(await runFirmware({ sliceCycles }));
    outcomes.push(await runFirmware({ inProcess: false }));
    expect(outcomes[0]!.latencyUs).toBeGreaterThan(100);
    expect(outcomes[0]!.chargeC).toBeGreaterThan(0);
    for (const o of outcomes) expect(o).toEqual(outcomes[0]);
  });
});

/** RP2040 data sheet 2.3.2 and 2.4.8: NVIC offsets in the private peripheral bus, UART0's interrupt. */
const NVIC_ISER = 0x100;
const NVIC_ICER = 0x180;
const UART0_IRQ = (1 << 20) >>> 0;
const FIFO_DEPTH = 32;
const RING_BYTES = 1_024;
const FAST_BAUD = 4_000_000;

interface SessionRecord {
  readonly transcript: string;
  /** When each byte had arrived at the host, µs. */
  readonly arrivalsUs: number[];
  readonly activity: DutActivity[];
  /** clk_sys cycles after each command. */
  readonly cycles: number[];
  readonly sramSha256: string;
  readonly profile: PicoProfile;
}

/** The prebuilt firmware with our own small model, on a chip that is watched from all sides. */
class WatchedBoard {
  readonly activity: DutActivity[] = [];
  readonly arrivalsUs: number[] = [];
  readonly cycles: number[] = [];
  readonly chip: EmulatedPico;
  readonly uart: HostUart;
  text = '';
  #us = 0;
  #seen = 0;

  constructor(sliceCycles: number) {
    this.chip = new EmulatedPico({ activity: { activity: (a) => this.activity.push(a) }, sliceCycles });
    this.uart = new HostUart({
      toBoard: () => this.chip.uartInput(0),
      arrived: (byte) => {
        this.text += String.fromCharCode(byte);
        this.arrivalsUs.push(this.chip.timeUs);
      },
    });
    this.chip.connectUart(0, this.uart);
  }

  send(text: string): void {
    this.uart.write(Buffer.from(text, 'latin1'), this.#us);
  }

  advance(us: number): void {
    this.chip.advanceTo((this.#us += us));
    expect(this.chip.failure).toBeNull();
  }

  /** What is printed up to the next `mark`. */
  until(mark: string): string {
    for (const endUs = this.#us + 2_000_000; !this.text.includes(mark, this.#seen);) {
      if (this.#us >= endUs) throw new Error(`no ${mark} in ${JSON.stringify(this.text.slice(this.#seen))}`);
      this.advance(100);
    }
    const from = this.#seen;
    this.#seen = this.text.indexOf(mark, from) + mark.length;
    this.cycles.push(this.chip.now());
    return this.text.slice(from, this.#seen);
  }

  ask(command: string): string {
    this.send(`${command}%`);
    return this.until('m-ready\r\n');
  }
}

function lineErrors(board: WatchedBoard): number[] {
  const reply = board.ask('mj line');
  return /\[overruns=(\d+),framing=(\d+),dropped=(\d+)\]/.exec(reply)!.slice(1).map(Number);
}

/**
 * A debugger masks the interrupt that drains the FIFO (the firmware itself never leaves it masked for longer than some
 * tens of cycles), 40 characters come, and the interrupt is let through again.
 */
function overrunFifo(board: WatchedBoard): void {
  const { ppb } = board.chip.blocks;
  ppb.write(NVIC_ICER, UART0_IRQ);
  board.send('x'.repeat(40));
  board.advance(41 * 87);
  ppb.write(NVIC_ISER, UART0_IRQ);
  expect(board.ask('')).toContain(`e-[Unknown command: ${'x'.repeat(FIFO_DEPTH)}]`);
}

/** While the firmware infers it only buffers: what exceeds its ring is lost, and counted. */
function overrunRing(board: WatchedBoard): void {
  board.ask(`mj baud ${FAST_BAUD}`);
  board.uart.setBaud(FAST_BAUD);
  board.send('infer 20 0%');
  board.until('m-infer-start-20\r\n');
  board.send(`${'y'.repeat(RING_BYTES + 100)}%`);
  board.until('m-ready\r\n');
  board.ask('');
}

/** Boot, `db load`, one inference, one overrun of the FIFO and one of the firmware's ring: one session. */
function wholeSession(sliceCycles: number, profiled = true): SessionRecord {
  const { uf2, loadBytes } = tinyImage();
  const board = new WatchedBoard(sliceCycles);
  board.chip.program(orThrow(readUf2(uf2, board.chip.core.flash.length)));
  if (profiled) board.chip.startProfile();
  board.chip.setPower(true, 0);
  board.until('m-ready\r\n');
  board.ask(`db load ${loadBytes}`);
  for (let at = 0; at < loadBytes; at += 31)
    board.ask(`db ${Buffer.alloc(Math.min(31, loadBytes - at), at * 3).toString('hex')}`);
  expect(board.ask('infer 1 0')).toMatch(/m-results-\[/);
  overrunFifo(board);
  expect(lineErrors(board)).toEqual([1, 0, 0]);
  overrunRing(board);
  const [overruns, framing, dropped] = lineErrors(board) as [number, number, number];
  expect([overruns, framing]).toEqual([1, 0]);
  expect(dropped).toBeGreaterThan(50);
  const { activity, arrivalsUs, cycles, text, chip } = board;
  const sramSha256 = createHash('sha256').update(chip.core.sram).digest('hex');
  return { transcript: text, arrivalsUs, activity, cycles, sramSha256, profile: chip.profile() };
}

describe('one session of the real firmware', () => {
  it('is the same with slices of 1, 7, 100, 12 500 and 200 000 cycles: bytes, time stamps, pin edges, cycles, memory, XIP cache, profile', () => {
    const [whole, ...cut] = SLICES.toReversed().map((n) => wholeSession(n)) as [
      SessionRecord,
      ...SessionRecord[],
    ];
    const pinEdges = whole.activity.filter((a, i) => i > 0 && a.pins !== whole.activity[i - 1]!.pins);
    expect(pinEdges.length).toBeGreaterThan(20);
    expect(whole.arrivalsUs.length).toBe(whole.transcript.length);
    for (const record of cut) expect(record).toEqual(whole);
    const { slots, ...totals } = whole.profile;
    expect(totals.stallCycles).toBeGreaterThan(10_000);
    expect(totals.xipHits).toBeLessThan(totals.xipAccesses);
    // every cycle has a place
    const instructions = slots.cycles.reduce((n, c) => n + c, 0);
    expect(instructions + totals.exceptionCycles + totals.asleepCycles + totals.romCycles).toBe(
      totals.cycles,
    );
  });

  it('is the same without a profile', () => {
    const { profile: _, ...whole } = wholeSession(SLICES.at(-1)!);
    const { profile: none, ...unprofiled } = wholeSession(SLICES.at(-1)!, false);
    expect(unprofiled).toEqual(whole);
    expect(none.slots.address.length).toBe(0);
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
    pico.uartInput(0).send({ startUs: 8_000 + i * 86.8, bitUs: 8.68, byte: 0x40 + i });
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
