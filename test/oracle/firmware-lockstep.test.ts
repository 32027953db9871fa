/**
 * Our own firmware in lockstep with rp2040js, instruction by instruction: boot2, boot, commands over the UART with their
 * interrupts, one inference; then all of kws01. rp2040js runs the same memory; what it reads from registers is replayed from what our chip
 * answered (its own peripherals are too kind to boot2), and interrupts come when ours come. Compared: registers, flags,
 * cycles after every instruction (kws01: every few hundred), all of SRAM at the end.
 */
import { join } from 'node:path';
import { RP2040 } from 'rp2040js';
import { describe, expect, it, vi } from 'vitest';
import { orThrow } from '../../src-main/base/errors.ts';
import { Bus } from '../../src-main/sim/pico/bus.ts';
import { CPU } from '../../src-main/sim/pico/core/cpu-state.ts';
import { EmulatedPico } from '../../src-main/sim/pico/emulated-pico.ts';
import { readUf2 } from '../../src-main/sim/pico/uf2.ts';
import { HostUart } from '../../src-main/sim/host-uart.ts';
import { prepare } from '../../src-main/core.ts';
import { describeWith, needs, sharedDir } from '../needs.ts';
import { tinyImage } from '../unit/sim/firmware-image.ts';

const REGISTERS = 0x4000_0000;
const SSI = 0x1800_0000;
const PRIVATE = 0xe000_0000;
const isRegister = (address: number) => address >>> 0 >= REGISTERS || (address & 0xff00_0000) === SSI;

/** rp2040js with our chip's answers in place of its own registers. */
class Oracle {
  readonly chip = new RP2040();
  readonly answers: number[] = [];

  constructor(flash: Uint8Array) {
    const { chip } = this;
    chip.logger = { debug() {}, info() {}, warn() {}, error() {} };
    chip.flash.set(flash);
    const replay =
      <A extends unknown[]>(original: (address: number, ...rest: A) => number) =>
      (address: number, ...rest: A) =>
        isRegister(address) ? this.answers.shift()! : original.call(chip, address, ...rest);
    chip.readUint32 = replay(chip.readUint32.bind(chip));
    chip.readUint16 = replay(chip.readUint16.bind(chip));
    chip.readUint8 = replay(chip.readUint8.bind(chip));
    const writeWord = chip.writeUint32.bind(chip);
    // NVIC and VTOR decide what an interrupt does; every other register is ours alone
    chip.writeUint32 = (address, value) => {
      if (!isRegister(address) || address >>> 0 >= PRIVATE) writeWord(address, value);
    };
    const writeHalf = chip.writeUint16.bind(chip);
    chip.writeUint16 = (address, value) => void (isRegister(address) || writeHalf(address, value));
    const writeByte = chip.writeUint8.bind(chip);
    chip.writeUint8 = (address, value) => void (isRegister(address) || writeByte(address, value));
  }

  /** One instruction; interrupt `irq` is taken before it, or, as by CPSIE, right after it. */
  step(irq: number | null, when: 'before' | 'after'): number {
    const { core } = this.chip;
    if (irq !== null && when === 'before') core.exceptionEntry(16 + irq);
    core.interruptsUpdated = false;
    const cycles = core.executeInstruction();
    if (irq !== null && when === 'after') core.exceptionEntry(16 + irq);
    return cycles;
  }
}

interface Lockstep {
  readonly pico: EmulatedPico;
  readonly oracle: Oracle;
  instructions: number;
  interrupts: number;
}

/**
 * Steps the oracle after each run of `pico`: instruction by instruction while an interrupt could come, else as many as the
 * slice has. Compared after each.
 */
function couple(pico: EmulatedPico): Lockstep {
  const oracle = new Oracle(pico.core.flash);
  const both: Lockstep = { pico, oracle, instructions: 0, interrupts: 0 };
  // eslint-disable-next-line @typescript-eslint/unbound-method -- called with the bus it was called on
  const original = Bus.prototype.read;
  vi.spyOn(Bus.prototype, 'read').mockImplementation(function (this: Bus, address, bytes) {
    const value = original.call(this, address, bytes);
    oracle.answers.push(bytes === 4 ? value : bytes === 2 ? value & 0xffff : value & 0xff);
    return value;
  });
  const { core } = pico;
  const s = core.state;
  const oneInstruction = pico.events.slot(() => undefined);
  const run = core.run.bind(core);
  core.run = () => {
    if (both.instructions === 0) {
      oracle.chip.core.registers.set(s.subarray(0, 16));
      oracle.chip.sram.set(core.sram);
    }
    const alone = (s[CPU.irqPending]! | s[CPU.irqLevel]! | s[CPU.systemPending]!) !== 0;
    if (alone) oneInstruction.at(pico.now() + 1);
    const [cycle, exception] = [pico.now(), s[CPU.ipsr]!];
    const exit = run();
    const passed = pico.now() - cycle;
    const cycles = alone ? stepOne(both, exception) : stepMany(both, passed);
    if (cycles !== passed || !sameState(both)) expect.fail(difference(both, cycles, passed));
    return exit;
  };
  return both;
}

function stepOne(both: Lockstep, exceptionBefore: number): number {
  const { core } = both.pico;
  const now = core.state[CPU.ipsr]!;
  const irq = now !== exceptionBefore && now >= 16 ? now - 16 : null;
  both.interrupts += irq === null ? 0 : 1;
  both.instructions++;
  const handler = irq === null ? 0 : vector(core, irq);
  return both.oracle.step(irq, core.state[15] === handler ? 'after' : 'before');
}

function stepMany(both: Lockstep, cycles: number): number {
  let done = 0;
  for (; done < cycles; both.instructions++) done += both.oracle.step(null, 'before');
  return done;
}

function sameState({ pico, oracle }: Lockstep): boolean {
  const [theirs, s] = [oracle.chip.core, pico.core.state];
  // rp2040js leaves the Thumb bit in the PC after an exception
  for (let i = 0; i < 16; i++)
    if ((theirs.registers[i]! & (i === 15 ? ~1 : ~0)) >>> 0 !== s[i]!) return false;
  if (theirs.N !== s[CPU.n]! >>> 31 > 0 || theirs.Z !== (s[CPU.z] === 0)) return false;
  return theirs.C === (s[CPU.c] === 1) && theirs.V === s[CPU.v]! >>> 31 > 0;
}

/** Where the handler of an interrupt begins; the firmware's vector table is in flash. */
function vector(core: EmulatedPico['core'], irq: number): number {
  const at = core.state[CPU.vtor]! + 4 * (16 + irq) - 0x1000_0000;
  return new DataView(core.flash.buffer, core.flash.byteOffset).getUint32(at, true) & ~1;
}

function difference({ pico, oracle, instructions }: Lockstep, theirs: number, ours: number): string {
  const registers = [...oracle.chip.core.registers].flatMap((v, i) =>
    v >>> 0 === pico.core.state[i]
      ? []
      : [`r${i} ${(v >>> 0).toString(16)} ours ${pico.core.state[i]!.toString(16)}`],
  );
  return `instruction ${instructions}: ${theirs} cycles, ours ${ours}; ${registers.join(', ')}`;
}

/** Boot, `db load` of an input, one inference; `slices` as the emulated chip cuts its time. */
function bootAndInfer(uf2: Uint8Array, loadBytes: number, sliceCycles: number): Lockstep {
  let text = '';
  const pico = new EmulatedPico({ sliceCycles, compatible: true });
  const host = new HostUart({
    toBoard: () => pico.uartInput(0),
    arrived: (b) => (text += String.fromCharCode(b)),
  });
  pico.connectUart(0, host);
  pico.program(orThrow(readUf2(uf2, pico.core.flash.length)));
  const both = couple(pico);
  pico.setPower(true, 0);
  let us = 0;
  const until = (mark: string): void => {
    const from = text.length;
    for (const endUs = us + 2_000_000; !text.includes(mark, from) && us < endUs;)
      pico.advanceTo((us += 1_000));
    expect(text.slice(from)).toContain(mark);
  };
  until('m-ready');
  const chunks = Array.from({ length: Math.ceil(loadBytes / 31) }, (_, i) =>
    '5a'.repeat(Math.min(31, loadBytes - i * 31)),
  );
  const commands = ['name%', `db load ${loadBytes}%`, ...chunks.map((c) => `db ${c}%`), 'infer 1 0%'];
  for (const command of commands) {
    host.write(Buffer.from(command), us);
    until('m-ready');
  }
  vi.restoreAllMocks();
  expect(pico.failure).toBeNull();
  expect(text).toContain('m-results-');
  expect(Buffer.compare(both.oracle.chip.sram.subarray(0, pico.core.sram.length), pico.core.sram)).toBe(0);
  expect(both.oracle.answers).toEqual([]);
  return both;
}

describe('our firmware in lockstep with rp2040js', () => {
  it('agrees after each instruction from boot2 through boot, commands and one inference', () => {
    const { uf2, loadBytes } = tinyImage();
    const both = bootAndInfer(uf2, loadBytes, 1);
    expect(both.interrupts).toBeGreaterThan(1);
    expect(both.instructions).toBeGreaterThan(50_000);
  });
});

describeWith([needs.shared], 'keyword spotting of MLPerf Tiny in lockstep with rp2040js', () => {
  it('agrees from boot2 through one whole inference of kws01', () => {
    const { image } = orThrow(prepare(join(sharedDir!, 'data/models/kws01_int8.tflite'), 'pico-emulated'));
    const both = bootAndInfer(image.uf2, 490, 500);
    expect(both.interrupts).toBeGreaterThan(1);
    // 2.66 M MACs, two a multiplication: with loads, sums and requantisation never below three instructions each
    expect(both.instructions).toBeGreaterThan(8_000_000);
  }, 60_000);
});
