/**
 * Ten kinds of broken firmware, built on the start-up of test/images with one step wrong each. What stops silicon stops
 * the emulation with a name; what silicon survives or hangs in silently is a diagnosis beside a board that goes on.
 */
import { expect, it } from 'vitest';
import { orThrow } from '../../src-main/base/errors.ts';
import { openSimulatedBench } from '../../src-main/sim/simulated-bench.ts';
import { buildImage, type ImageOptions } from '../images/build.ts';
import { ImageBench } from '../images/image-bench.ts';
import { describeWith, needs } from '../needs.ts';

const broken = (name: string, options: ImageOptions = {}) =>
  new ImageBench(buildImage('broken', { ...options, defines: [`MJ_BROKEN_${name}`] })).advance(200_000);

describeWith([needs.armGcc], 'broken firmware ends with a named diagnosis', () => {
  it('and the same image without a fault with none', () => {
    const b = new ImageBench(buildImage('broken')).advance(200_000);
    expect(b.lines).toEqual(['hello']);
    expect(b.diagnosed).toEqual([]);
  });

  it('a reset that is never released', () => {
    const b = broken('NO_RESET_RELEASE');
    expect(b.pico.failure).toMatchObject({ id: 'sim.fault.block-in-reset', facts: { block: 'UART0' } });
  });

  it('a boot2 whose CRC is wrong', () => {
    const b = new ImageBench(buildImage('broken', { badBoot2: true })).advance(200_000);
    expect(b.diagnosed).toEqual(['sim.fault.boot2-crc']);
  });

  it('a UART divisor an eighth too large: the computer’s end measures the bit time it gets', async () => {
    const d = await lineDiagnosis('MJ_BROKEN_WRONG_DIVISOR');
    expect(d.facts).toMatchObject({ block: 'UART0', expectedBaud: 115_200, clkPeriHz: 125e6 });
    // 9/8 of the divisor
    expect(d.facts.boardBitUs).toBeCloseTo(((1e6 / 115_200) * 9) / 8, 1);
  });

  it('a clk_sys that is never switched to its PLL: the same, with the clock that is divided', async () => {
    const d = await lineDiagnosis('MJ_BROKEN_CLOCK_NOT_SWITCHED');
    expect(d.facts).toMatchObject({ expectedBaud: 115_200, clkPeriHz: 12e6 });
    expect(d.facts.boardBaud).toBeCloseTo((115_200 * 12) / 125, -2);
  });

  it('a stack that runs off the start of SRAM', () => {
    const b = broken('STACK_OVERFLOW', { lowStack: true });
    expect(b.pico.failure).toMatchObject({ id: 'sim.fault.stack-overflow' });
    expect(String(b.pico.failure!.facts.sp)).toMatch(/^0x1fff_/);
  });

  it('a store to flash by pointer: ignored as on silicon, and named', () => {
    const b = broken('FLASH_POINTER');
    expect(b.lines).toEqual(['hello', 'unchanged ok']);
    expect(b.diagnosed).toEqual(['sim.diagnosis.flash-write']);
    expect(b.pico.diagnoses.list[0]!.facts).toMatchObject({ address: '0x1008_0000' });
  });

  it('an unaligned load, which a default handler turns into lockup', () => {
    const { failure } = broken('UNALIGNED').pico;
    expect(failure).toMatchObject({ id: 'sim.fault.lockup', facts: { fault: 'unaligned access' } });
  });

  it('a watchdog that is not fed: each bite is counted, the board goes on', () => {
    const b = broken('WATCHDOG');
    expect(b.pico.failure).toBeNull();
    const [bite] = b.pico.diagnoses.list;
    expect(bite).toMatchObject({ id: 'sim.diagnosis.watchdog-bite' });
    expect(bite!.count).toBeGreaterThan(5);
    // what it said between the resets was lost with the UART's FIFO or came through whole
    expect(new Set(b.lines.slice(0, -1))).toEqual(new Set(['hello']));
  });

  it('an interrupt whose handler does not clear its cause', () => {
    const b = broken('INTERRUPT_STORM');
    expect(b.pico.failure).toBeNull();
    expect(b.pico.diagnoses.list).toMatchObject([{ id: 'sim.diagnosis.interrupt-storm', facts: { irq: 0 } }]);
  });

  it('a call of a null pointer', () => {
    expect(broken('JUMP_TO_ZERO').diagnosed).toEqual(['sim.fault.jump-to-zero']);
  });
});

/** On a bench whose line was opened at 115 200 baud, as users open it. */
async function lineDiagnosis(define: string) {
  await using bench = orThrow(await openSimulatedBench({ seed: 1, monitor: 'none', inProcess: true }));
  orThrow(await bench.programmer.program(buildImage('broken', { defines: [define] })));
  await bench.clock.sleepUntilUs(200_000);
  expect(bench.fault).toBeNull();
  const found = bench.diagnoses.find((d) => d.id === 'sim.diagnosis.line-rate');
  expect(found, JSON.stringify(bench.diagnoses)).toBeDefined();
  return found!;
}
