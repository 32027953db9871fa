/**
 * Our own firmware in lockstep with rp2040js, instruction by instruction: boot2, boot, commands over the UART with their
 * interrupts, one inference. rp2040js runs the same memory; what it reads from registers is replayed from what our chip
 * answered (its own peripherals are too kind to boot2), and interrupts come when ours come. Compared: registers, flags,
 * cycles after every instruction, all of SRAM at the end.
 */
import { RP2040 } from 'rp2040js';
import { describe, expect, it, vi } from 'vitest';
import { orThrow } from '../../src-main/base/errors.ts';
import { Bus } from '../../src-main/sim/pico/bus.ts';
import { CPU } from '../../src-main/sim/pico/core/cpu-state.ts';
import { EmulatedPico } from '../../src-main/sim/pico/emulated-pico.ts';
import { readUf2 } from '../../src-main/sim/pico/uf2.ts';
import { HostUart } from '../../src-main/sim/host-uart.ts';
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

/** Steps the oracle after each instruction of `pico`, whose slices are one cycle long. */
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
  const run = core.run.bind(core);
  core.run = () => {
    if (both.instructions === 0) {
      oracle.chip.core.registers.set(core.state.subarray(0, 16));
      oracle.chip.sram.set(core.sram);
    }
    const [cycle, exception] = [pico.now(), core.state[CPU.ipsr]!];
    const exit = run();
    const now = core.state[CPU.ipsr]!;
    const irq = now !== exception && now >= 16 ? now - 16 : null;
    both.interrupts += irq === null ? 0 : 1;
    both.instructions++;
    const handler = irq === null ? 0 : vector(core, irq);
    const cycles = oracle.step(irq, core.state[15] === handler ? 'after' : 'before');
    const theirs = oracle.chip.core;
    let same = cycles === pico.now() - cycle;
    // rp2040js leaves the Thumb bit in the PC after an exception
    for (let i = 0; i < 16; i++)
      same &&= (theirs.registers[i]! & (i === 15 ? ~1 : ~0)) >>> 0 === core.state[i]!;
    const s = core.state;
    same &&=
      theirs.N === s[CPU.n]! >>> 31 > 0 && theirs.Z === (s[CPU.z] === 0) && theirs.C === (s[CPU.c] === 1);
    same &&= theirs.V === s[CPU.v]! >>> 31 > 0;
    if (!same) expect.fail(difference(both, cycles, pico.now() - cycle));
    return exit;
  };
  return both;
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

describe('our firmware in lockstep with rp2040js', () => {
  it('agrees from boot2 through boot, commands and one inference', () => {
    let text = '';
    const pico = new EmulatedPico({ sliceCycles: 1, compatible: true });
    const host = new HostUart({
      toBoard: () => pico.uartInput(0),
      arrived: (b) => (text += String.fromCharCode(b)),
    });
    pico.connectUart(0, host);
    const { uf2, loadBytes } = tinyImage();
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
    for (const command of [
      'name%',
      `db load ${loadBytes}%`,
      ...chunks.map((c) => `db ${c}%`),
      'infer 1 0%',
    ]) {
      host.write(Buffer.from(command), us);
      until('m-ready');
    }
    vi.restoreAllMocks();
    expect(pico.failure).toBeNull();
    expect(text).toContain('m-results-');
    expect(both.interrupts).toBeGreaterThan(1);
    expect(both.instructions).toBeGreaterThan(50_000);
    expect(Buffer.compare(both.oracle.chip.sram.subarray(0, pico.core.sram.length), pico.core.sram)).toBe(0);
    expect(both.oracle.answers).toEqual([]);
  });
});
