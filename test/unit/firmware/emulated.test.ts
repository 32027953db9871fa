/** The firmware on our own emulated Pico, from the UF2 and boot2 on: what rp2040js is too kind to show. */
import { describe, expect, it } from 'vitest';
import { buildFirmware, type Variant } from '../../../scripts/build-firmware.ts';
import { HarnessMode, InputEncoding, ResultKind } from '../../../src-main/abi/generated.ts';
import { orThrow } from '../../../src-main/base/errors.ts';
import { Rng } from '../../../src-main/base/rng.ts';
import { pico } from '../../../src-main/board/pico.ts';
import { printedScores, tensorsOf } from '../../../src-main/engine/harness-io.ts';
import { encodeUf2 } from '../../../src-main/compile/uf2.ts';
import { encodeFrame } from '../../../src-main/link/cobs.ts';
import { HostUart } from '../../../src-main/sim/host-uart.ts';
import type { DutActivity } from '../../../src-main/sim/parts.ts';
import { EmulatedPico } from '../../../src-main/sim/pico/emulated-pico.ts';
import { readUf2 } from '../../../src-main/sim/pico/uf2.ts';
import { describeWith, needs } from '../../needs.ts';
import { identityProgram } from './identity-program.ts';
import { imageOf } from './images.ts';

const STEP_US = 50;
const program = identityProgram({ units: 60, layers: 4, scale: 1 / 256, zeroPoint: -128 });
const input = '07'.repeat(60);

class Board {
  readonly activity: DutActivity[] = [];
  /** Arrival time of each byte at the host. */
  readonly arrivals: number[] = [];
  readonly uart: HostUart;
  readonly #chip: EmulatedPico;
  #text = '';
  #us = 0;

  constructor(uf2: Uint8Array) {
    this.#chip = new EmulatedPico({ activity: { activity: (a) => this.activity.push(a) } });
    this.uart = new HostUart({
      toBoard: () => this.#chip.uartInput(0),
      arrived: (byte) => {
        this.#text += String.fromCharCode(byte);
        this.arrivals.push(this.#chip.timeUs);
      },
    });
    this.#chip.connectUart(0, this.uart);
    this.#chip.program(orThrow(readUf2(uf2, pico.flash.bytes)));
    this.#chip.setPower(true, 0);
  }

  write(bytes: string | Uint8Array): void {
    this.uart.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes, this.#us);
  }

  advance(us: number): void {
    this.#us += us;
    this.#chip.advanceTo(this.#us);
    expect(this.#chip.failure).toBeNull();
  }

  until(mark: string, limitUs = 5_000_000): string {
    const end = this.#us + limitUs;
    while (this.#us < end) {
      const at = this.#text.indexOf(mark);
      if (at >= 0) {
        const got = this.#text.slice(0, at + mark.length);
        this.#text = this.#text.slice(at + mark.length);
        return got;
      }
      this.advance(STEP_US);
    }
    throw new Error(`no ${JSON.stringify(mark)}: ${JSON.stringify(this.#text)}`);
  }

  lines(command?: string): string[] {
    if (command !== undefined) this.write(`${command}%`);
    return this.until('m-ready\r\n').split('\r\n').slice(0, -2);
  }

  load(): void {
    this.lines('db load 60');
    this.lines(`db ${input.slice(0, 62)}`);
    expect(this.lines(`db ${input.slice(62)}`)).toEqual(['m-load-done']);
  }
}

const WINDOW = 1;
const TIMESTAMP = 16;
const pinsOf = (a: DutActivity) => (a.pins >> 2) & 31;

describe('The firmware on the emulated Pico', () => {
  it('boots from boot2 to 125 MHz on a bus that forgives nothing', () => {
    const board = new Board(imageOf(program).uf2);
    expect(board.lines()[0]).toBe('m-timestamp-mode-performance');
    expect(board.activity.at(-1)!.clkSysHz).toBe(125_000_000);
  });

  describe('in an energy window', () => {
    const board = new Board(imageOf(program, { mode: HarnessMode.Energy }).uf2);
    board.uart.setBaud(9600);
    board.lines();
    board.load();
    board.activity.length = board.arrivals.length = 0;
    const reply = board.lines('infer 5 1');
    const events = board.activity;
    const start = events.findIndex((a) => pinsOf(a) & WINDOW);
    const end = events.findIndex((a, i) => i > start && !(pinsOf(a) & WINDOW));
    const [startUs, endUs] = [events[start]!.timeUs, events[end]!.timeUs];

    it('answers as the dialect says', () => {
      expect(reply.slice(0, 4)).toEqual([
        'm-warmup-start-1',
        'm-warmup-done',
        'm-infer-start-5',
        'm-infer-done',
      ]);
    });

    it('sleeps for a second right before it', () => {
      let asleepUs = 0;
      for (let i = 1; i <= start; i++) {
        const before = events[i - 1]!;
        const from = Math.max(before.timeUs, startUs - 1_000_100);
        if (before.asleep && events[i]!.timeUs > from) asleepUs += events[i]!.timeUs - from;
      }
      expect(asleepUs).toBeGreaterThan(999_900);
    });

    it('is never asleep and has no byte on the line inside it', () => {
      expect(events.slice(start, end).some((a) => a.asleep)).toBe(false);
      // a byte arrives when its stop bit ends, 1.04 ms after it began
      expect(board.arrivals.filter((us) => us > startUs && us - 1042 < endUs)).toEqual([]);
    });

    it('has one single-pin step an operator boundary', () => {
      const levels = events
        .slice(start, end)
        .map(pinsOf)
        .filter((l, i, all) => i === 0 || l !== all[i - 1]);
      expect(levels).toHaveLength(5 * program.header.opCount);
      for (let i = 1; i < levels.length; i++) expect([2, 4, 8]).toContain(levels[i]! ^ levels[i - 1]!);
    });

    it('lies between pulses of at least 50 µs whose edges are D0’s', () => {
      const fall = events.findLastIndex(
        (a, i) => i < start && !(pinsOf(a) & TIMESTAMP) && pinsOf(events[i - 1] ?? a) !== pinsOf(a),
      );
      expect(startUs - events[fall]!.timeUs).toBeGreaterThanOrEqual(50);
      expect(pinsOf(events[end]!)).toBe(0);
      const rise = events.find((a, i) => i > end && pinsOf(a) & TIMESTAMP)!;
      expect(rise.timeUs - endUs).toBeGreaterThanOrEqual(50);
    });
  });

  it('takes the same cycles in both modes: D0 is as long as the laps are apart', () => {
    const performanceBoard = new Board(imageOf(program).uf2);
    performanceBoard.lines();
    performanceBoard.load();
    performanceBoard.activity.length = 0;
    const laps = performanceBoard
      .lines('infer 50 0')
      .filter((l) => l.startsWith('m-lap'))
      .map((l) => Number(l.slice(9)));
    const rise = performanceBoard.activity.find((a) => pinsOf(a) & WINDOW)!;
    const fall = performanceBoard.activity.find((a) => a.timeUs > rise.timeUs && !(pinsOf(a) & WINDOW))!;
    expect(Math.abs(fall.timeUs - rise.timeUs - (laps[1]! - laps[0]!))).toBeLessThanOrEqual(1);
  });

  it('loses no byte that arrives during a window', () => {
    const board = new Board(imageOf(program).uf2);
    board.lines();
    board.load();
    board.write('infer 200 0%');
    board.until('m-infer-start-200\r\n');
    board.write(`${'x'.repeat(500)}%name%`);
    expect(board.lines().at(-1)).toMatch(/^m-results/);
    expect(board.lines()).toEqual([`e-[Unknown command: ${'x'.repeat(80)}]`]);
    expect(board.lines()).toEqual(['m-name-dut-[unspecified]']);
    expect(board.lines('mj line')).toEqual(['m-mj-line-[overruns=0,framing=0,dropped=0]']);
  });

  it('counts what it had no room for, and goes on', () => {
    const board = new Board(imageOf(program).uf2);
    board.lines();
    board.load();
    board.write('infer 400 0%');
    board.until('m-infer-start-400\r\n');
    board.write(`${'x'.repeat(3000)}%`);
    expect(board.lines().at(-1)).toMatch(/^m-results/);
    board.advance(300_000);
    board.write('%');
    board.lines();
    const [, dropped] = /^m-mj-line-\[overruns=0,framing=0,dropped=(\d+)\]$/.exec(
      board.lines('mj line')[0]!,
    )!;
    expect(Number(dropped)).toBeGreaterThan(1000);
  });

  it('counts framing errors of a host at a third of its rate and hears it again at the right one', () => {
    const board = new Board(imageOf(program).uf2);
    board.lines();
    board.uart.setBaud(38_400);
    board.write('name%profile%');
    board.advance(20_000);
    board.uart.setBaud(115_200);
    board.write('%');
    board.lines();
    expect(board.lines('name')).toEqual(['m-name-dut-[unspecified]']);
    expect(board.lines('mj line')[0]).toMatch(/^m-mj-line-\[overruns=0,framing=[1-9]\d*,dropped=0\]$/);
  });

  it('goes back to the old rate when nobody speaks at the new one', () => {
    const board = new Board(imageOf(program).uf2);
    board.lines();
    expect(board.lines('mj baud 1000000')).toEqual(['m-mj-baud-[1000000]']);
    board.advance(3_100_000);
    expect(board.lines('mj id')[0]).toContain('baud=115200');
  });

  it('stays at a new rate that was spoken at, and takes an upload there', () => {
    const board = new Board(imageOf(program).uf2);
    board.lines();
    board.lines('mj baud 921600');
    board.uart.setBaud(921_600);
    board.lines('name');
    board.advance(3_100_000);
    board.write('mj load input 60%');
    board.until('m-mj-load-[input,60]\r\n');
    board.write(encodeFrame({ sequence: 0, payload: new Uint8Array(60).fill(7) }));
    expect(board.lines()).toEqual(['m-mj-ack-[0]', expect.stringMatching(/^m-mj-load-done-/)]);
    expect(board.lines('infer 1 0').at(-1)).toMatch(/^m-results-\[0\.527/);
  });

  it('restarts through the watchdog as from power-on', () => {
    const board = new Board(imageOf(program).uf2);
    board.lines();
    board.lines('mj baud 921600');
    board.uart.setBaud(921_600);
    board.write('mj reset%');
    board.until('m-mj-reset\r\n');
    board.uart.setBaud(115_200);
    expect(board.lines()).toEqual([
      'm-timestamp-mode-performance',
      expect.stringMatching(/^m-lap-us-/),
      'm-init-done',
    ]);
    expect(board.lines('mj id')[0]).toContain('baud=115200');
  });
});

describe('Floats on the device', () => {
  const units = 256;
  const autoencoder = identityProgram({ units, layers: 1, scale: 0.3645, zeroPoint: 89 });
  const config = { inputEncoding: InputEncoding.Float32, resultKind: ResultKind.MeanSquaredError } as const;
  const board = new Board(imageOf(autoencoder, config).uf2);
  board.lines();
  const tensors = [autoencoder.tensors[0]!];
  const rng = new Rng(11);

  const run = (x: Float32Array) => {
    const input = new Uint8Array(x.buffer);
    board.write(`mj load input ${input.length}%`);
    board.until(`m-mj-load-[input,${input.length}]\r\n`);
    board.write(encodeFrame({ sequence: 0, payload: input }));
    board.lines();
    const score = /\[(.*)\]/.exec(board.lines('infer 1 0').at(-1)!)![1];
    const hex = board
      .lines('mj out')
      .slice(0, -1)
      .map((l) => l.slice(l.indexOf(',') + 1, -1))
      .join('');
    const expected = orThrow(tensorsOf(input, tensors, InputEncoding.Float32))[0]!;
    const io = { inputs: tensors, outputs: tensors };
    return {
      score,
      hex,
      expected,
      mean: printedScores(io, InputEncoding.Float32, ResultKind.MeanSquaredError, input, [expected])[0]!,
    };
  };

  it('are quantised exactly as the host does it, at every half and for any bit pattern', () => {
    const halves = Float32Array.from({ length: units }, (_, i) =>
      Math.fround((i - 128) * 0.5 * Math.fround(0.3645)),
    );
    const patterns = new Float32Array(units);
    const bits = new Uint32Array(patterns.buffer);
    for (let i = 0; i < units; i++)
      do bits[i] = rng.u32();
      while (Number.isNaN(patterns[i]!));
    for (const x of [halves, patterns]) {
      const { hex, expected } = run(x);
      expect(hex).toBe(Buffer.from(expected).toString('hex'));
    }
  });

  it('give the mean squared error that the host computes, to the last printed digit', () => {
    for (let round = 0; round < 5; round++) {
      const { score, mean } = run(Float32Array.from({ length: units }, () => -60 + 40 * rng.normal()));
      expect(Math.abs(Number(score) - mean)).toBeLessThanOrEqual(0.0005 + 1e-9);
    }
  });
});

describeWith([needs.armGcc], 'Firmware that is broken on purpose', () => {
  const run = (variant: Variant) => {
    const chip = new EmulatedPico();
    chip.connectUart(0, new HostUart({ toBoard: () => chip.uartInput(0), arrived: () => {} }));
    const { bytes } = buildFirmware(variant);
    chip.program(
      orThrow(readUf2(encodeUf2([{ address: pico.flash.base, bytes }], 0xe48b_ff56), pico.flash.bytes)),
    );
    chip.setPower(true, 0);
    chip.advanceTo(500_000);
    return chip;
  };

  it.each([
    ['release', null],
    ['no-reset-release', 'sim.fault.block-in-reset'],
    ['no-pll', 'sim.fault.clock-source-stopped'],
    ['bad-boot2-crc', 'sim.fault.boot2-crc'],
  ] as const)('%s ends with %s', (variant, id) => {
    expect(run(variant).failure?.id ?? null).toBe(id);
  });

  it('no-crystal gives the poll up, leaves the fault in the watchdog’s scratch and sleeps', () => {
    const chip = run('no-crystal');
    expect(chip.failure).toBeNull();
    expect(chip.asleep).toBe(true);
    // MJ_FAULT_MARK | MJ_FAULT_XOSC and the address of XOSC STATUS
    expect([...chip.blocks.watchdog.scratch].slice(0, 2)).toEqual([0x4a4d_0001, 0x4002_4004]);
  });
});
