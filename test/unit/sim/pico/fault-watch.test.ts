/** What is named inside the core: HardFaults a handler swallows, lockups by their beginning, interrupts that never let go. */
import { describe, expect, it } from 'vitest';
import { orThrow } from '../../../../src-main/base/errors.ts';
import { HostUart } from '../../../../src-main/sim/host-uart.ts';
import { FLASH_BYTES } from '../../../../src-main/sim/pico/core/core.ts';
import { EmulatedPico } from '../../../../src-main/sim/pico/emulated-pico.ts';
import { readUf2 } from '../../../../src-main/sim/pico/uf2.ts';
import { tinyImage } from '../firmware-image.ts';
import { code, fullSpeed, REG, write, type Step } from './script-image.ts';
import { ScriptedPico } from './scripted-pico.ts';

const VECTORS = 0x2000_0400;
const HANDLER = 0x2000_0200;

/** A vector table in RAM with a handler of these halfwords for one exception. */
function handler(exception: number, ...halfwords: number[]): Step[] {
  const words = halfwords.length % 2 ? [...halfwords, 0xbf00] : halfwords;
  return [
    write(VECTORS + 4 * exception, HANDLER | 1),
    ...Array.from({ length: words.length / 2 }, (_, i) =>
      write(HANDLER + 4 * i, ((words[2 * i + 1]! << 16) | words[2 * i]!) >>> 0),
    ),
    write(REG.PPB + 0xd08, VECTORS),
  ];
}

const HARD_FAULT = 3;
const LOOP = 0xe7fe; // b .

const noted = (p: ScriptedPico) => p.pico.diagnoses.list.map((d) => d.id);

describe('HardFaults that firmware handles itself', () => {
  it('an unaligned load is named with the instruction and the address; the board goes on', () => {
    const p = new ScriptedPico([...handler(HARD_FAULT, LOOP), code(0x2001, 0x6800)]).advance(20_000);
    expect(p.fault).toBeNull();
    expect(p.pico.diagnoses.list).toMatchObject([
      {
        id: 'sim.diagnosis.hard-fault',
        facts: { fault: 'unaligned access', faultAddress: '0x0000_0001' },
        count: 1,
      },
    ]);
    expect(String(p.pico.diagnoses.list[0]!.facts.pc)).toMatch(/^0x1000_0/);
  });

  it('a branch to 0 has a name of its own', () => {
    const p = new ScriptedPico([...handler(HARD_FAULT, LOOP), code(0x2000, 0x4780)]).advance(20_000);
    expect(noted(p)).toEqual(['sim.diagnosis.jump-to-zero']);
  });
});

describe('an interrupt that takes all the time', () => {
  const alarm = (...body: number[]): Step[] => [
    ...fullSpeed,
    ...handler(16, ...body),
    write(REG.TIMER + 0x38, 1),
    write(REG.PPB + 0x100, 1),
    write(REG.TIMER + 0x10, 3_000),
    code(LOOP),
  ];

  it('is a storm when its handler returns without clearing it, however time is cut', () => {
    for (const sliceCycles of [1_000, 200_000]) {
      const p = new ScriptedPico(alarm(0x4770), {}, { sliceCycles }).advance(60_000);
      expect(p.pico.diagnoses.list).toMatchObject([
        { id: 'sim.diagnosis.interrupt-storm', facts: { irq: 0, handler: '0x2000_0200' } },
      ]);
    }
  });

  it('is none when the handler is only long, or clears its cause', () => {
    expect(noted(new ScriptedPico(alarm(LOOP)).advance(300_000))).toEqual([]);
    // ldr r0, =TIMER.INTR; movs r1, #1; str r1, [r0]; bx lr
    const clears = [0x4801, 0x2101, 0x6001, 0x4770, 0x4034, 0x4005];
    const p = new ScriptedPico(alarm(...clears)).advance(60_000);
    expect([p.fault, noted(p)]).toEqual([null, []]);
  });
});

describe('our own firmware', () => {
  it('boots and infers with nothing to diagnose', () => {
    const pico = new EmulatedPico();
    let said = '';
    const host = new HostUart({
      toBoard: () => pico.uartInput(0),
      arrived: (byte) => (said += String.fromCharCode(byte)),
    });
    pico.connectUart(0, host);
    const { uf2, loadBytes } = tinyImage();
    pico.program(orThrow(readUf2(uf2, FLASH_BYTES)));
    pico.setPower(true, 0);
    let us = 0;
    const until = (mark: string) => {
      while (!said.includes(mark) && us < 5e6) pico.advanceTo((us += 1_000));
      said = '';
    };
    until('m-ready');
    // a command line holds 31 bytes of input
    const pieces = Array.from({ length: Math.ceil(loadBytes / 31) }, (_, i) =>
      Math.min(31, loadBytes - 31 * i),
    );
    const loading = pieces.map((bytes) => `db ${'00'.repeat(bytes)}%`);
    for (const command of [`db load ${loadBytes}%`, ...loading, 'infer 2 1%']) {
      host.write(Buffer.from(command), us);
      until(command.startsWith('infer') ? 'm-infer-done' : 'm-ready');
    }
    expect(us).toBeLessThan(5e6);
    expect([pico.failure, pico.diagnoses.list]).toEqual([null, []]);
  });
});
