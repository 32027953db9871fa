/**
 * Our own firmware with one step left out each: what silicon would do silently, the emulated Pico names. The images
 * are built here by arm-none-eabi-gcc; the one with a bad boot2 CRC comes from the committed firmware.
 */
import { describe, expect, it } from 'vitest';
import { orThrow } from '../../src-main/base/errors.ts';
import { pico as board } from '../../src-main/board/pico.ts';
import { loadPrebuilt } from '../../src-main/compile/prebuilt.ts';
import { encodeUf2 } from '../../src-main/compile/uf2.ts';
import { EmulatedPico } from '../../src-main/sim/pico/emulated-pico.ts';
import { readUf2 } from '../../src-main/sim/pico/uf2.ts';
import { openSimulatedBench } from '../../src-main/sim/simulated-bench.ts';
import { buildFirmware } from '../../scripts/build-firmware.ts';
import { describeWith, needs } from '../needs.ts';

const uf2Of = (bytes: Uint8Array) => encodeUf2([{ address: board.flash.base, bytes }], 0xe48b_ff56);

function run(bytes: Uint8Array): EmulatedPico {
  const pico = new EmulatedPico();
  pico.program(orThrow(readUf2(uf2Of(bytes), board.flash.bytes)));
  pico.setPower(true, 0);
  pico.advanceTo(500_000);
  return pico;
}

function committedWithBadCrc(): Uint8Array {
  const bytes = orThrow(loadPrebuilt(board)).firmware.slice();
  bytes[252]! ^= 1;
  return bytes;
}

describe('firmware whose boot2 has a wrong CRC', () => {
  it('is named, with the CRC found and the CRC expected', () => {
    const { failure } = run(committedWithBadCrc());
    expect(failure).toMatchObject({ id: 'sim.fault.boot2-crc' });
    expect(failure!.facts.stored).not.toBe(failure!.facts.computed);
  });

  it('ends the DUT link of a bench with the diagnosis, and good firmware revives it', async () => {
    await using bench = orThrow(await openSimulatedBench({ seed: 1, monitor: 'none', inProcess: true }));
    orThrow(await bench.programmer.program(uf2Of(committedWithBadCrc())));
    const dead = await bench.dut.read({ deadlineUs: 1_000_000, until: 10 });
    expect(dead).toMatchObject({ kind: 'closed', expected: false });
    expect(dead.kind === 'closed' && dead.reason).toContain('sim.fault.boot2-crc');
    expect(bench.fault?.id).toBe('sim.fault.boot2-crc');
    // time stands where the board stopped: at the end of the ROM's 4 ms
    expect(bench.clock.nowUs()).toBeCloseTo(4_000, 3);
    orThrow(await bench.programmer.program(uf2Of(orThrow(loadPrebuilt(board)).firmware)));
    const alive = await bench.dut.read({ deadlineUs: bench.clock.nowUs() + 1_000_000, until: 10 });
    expect(alive.kind).toBe('bytes');
    expect(bench.fault).toBeNull();
  });
});

describeWith([needs.armGcc], 'firmware with one step left out', () => {
  it('the whole firmware boots without a fault', () => {
    expect(run(buildFirmware('release').bytes).failure).toBeNull();
  });

  it('a reset that is never released: the block is named', () => {
    expect(run(buildFirmware('no-reset-release').bytes).failure).toMatchObject({
      id: 'sim.fault.block-in-reset',
      facts: { block: 'UART0' },
    });
  });

  it('a PLL that is never started: the clock is named', () => {
    expect(run(buildFirmware('no-pll').bytes).failure).toMatchObject({
      id: 'sim.fault.clock-source-stopped',
      facts: { clock: 'clk_sys' },
    });
  });

  it('a crystal that is never enabled: STABLE never comes, and the firmware’s own bounded wait stops it', () => {
    const pico = run(buildFirmware('no-crystal').bytes);
    expect(pico.failure).toBeNull();
    expect(pico.asleep).toBe(true);
    // firmware/ports/pico/rp2040.h: 'MJ' and MJ_FAULT_XOSC in watchdog scratch 0
    expect(pico.blocks.watchdog.scratch[0]).toBe(0x4a4d_0001);
  });
});
