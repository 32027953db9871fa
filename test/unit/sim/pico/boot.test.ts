import { describe, expect, it } from 'vitest';
import { BOOT2_ENTRY, BOOT_CYCLES, romImage } from '../../../../src-main/sim/pico/boot-rom.ts';
import { ROSC_HZ } from '../../../../src-main/sim/pico/peripherals/rosc.ts';
import { code, FLASH, fullSpeed, plainBoot2, read, REG, write } from './script-image.ts';
import { ScriptedPico } from './scripted-pico.ts';

const SSI = 0x1800_0000;
/** A boot2 that copies what it finds to SRAM and sleeps: movs r0, lr is not possible in a script, so raw code. */
const recordEntryState = [
  // mov r2, lr; mov r3, sp; ldr r0, [pc, #4]; stmia r0!, {r2, r3}; b over; nop; .word 0x20000040; over:
  code(0x4672, 0x466b, 0x4801, 0xc00c, 0xe002, 0xbf00, 0x0040, 0x2000, 0xbf00),
];

describe('boot from flash', () => {
  it('enters boot2 at 0x20041F00 with LR 0, SP below it, and the boot ROM’s register state', () => {
    const p = new ScriptedPico([], {
      boot2: [
        ...recordEntryState,
        read(REG.RESETS, 0),
        read(SSI + 0x10, 1),
        read(0x4001_c004 + 4 * 26, 2),
        read(SSI + 8, 3),
      ],
    }).advance(10_000);
    expect(p.fault).toBeNull();
    expect(p.result(16)).toBe(0);
    expect(p.result(17)).toBe(BOOT2_ENTRY);
    expect(p.result(0)).toBe(0x01df_fcbf);
    expect(p.result(1)).toBe(1);
    expect(p.result(2)).toBe(0x16);
  });

  it('takes the ROM’s time on the ring oscillator before boot2 runs', () => {
    const p = new ScriptedPico([], { boot2: [write(0x2000_0000, 0x1234)] });
    p.advance((BOOT_CYCLES / ROSC_HZ) * 1e6 - 1);
    expect(p.result(0)).toBe(0);
    p.advance((BOOT_CYCLES / ROSC_HZ) * 1e6 + 100);
    expect(p.result(0)).toBe(0x1234);
  });

  it('runs code from flash once boot2 has set the SSI up', () => {
    const p = new ScriptedPico([write(0x2000_0000, 0xcafe)]).advance(10_000);
    expect(p.fault).toBeNull();
    expect(p.result(0)).toBe(0xcafe);
  });

  it('stops with a name when the CRC of boot2 is wrong', () => {
    const p = new ScriptedPico([], { badCrc: true }).advance(10_000);
    expect(p.pico.failure).toMatchObject({ id: 'sim.fault.boot2-crc' });
    expect(p.pico.failure!.facts).toHaveProperty('computed');
  });

  it('an erased flash is no fault: the ROM waits in USB boot', () => {
    const p = new ScriptedPico([]);
    p.pico.program([]);
    p.pico.reset();
    p.advance(1e6);
    expect(p.fault).toBeNull();
    expect(p.pico.timeUs).toBeGreaterThanOrEqual(1e6);
  });

  it('stops with a name when flash is read before the SSI is set up', () => {
    const p = new ScriptedPico([], { boot2: [read(FLASH + 0x100, 0)] }).advance(10_000);
    expect(p.pico.failure).toMatchObject({
      id: 'sim.fault.xip-not-set-up',
      facts: { address: '0x1000_0100' },
    });
  });

  it('stops with a name when code jumps to flash before the SSI is set up', () => {
    const p = new ScriptedPico([], { boot2: [code(0x4800, 0x4700, 0x0101, 0x1000)] }).advance(10_000);
    expect(p.fault).toBe('sim.fault.xip-not-set-up');
  });

  it('stops with a name when XIP is turned off under running flash code', () => {
    const p = new ScriptedPico([write(SSI + 8, 0)]).advance(10_000);
    expect(p.fault).toBe('sim.fault.xip-not-set-up');
  });

  it('an 03h flash clocked above 50 MHz is refused: 125 MHz needs a divider of 4, not 2', () => {
    const slow = new ScriptedPico(fullSpeed, { boot2: plainBoot2(4) }).advance(10_000);
    expect(slow.fault).toBeNull();
    const fast = new ScriptedPico(fullSpeed, { boot2: plainBoot2(2) }).advance(10_000);
    expect(fast.pico.failure).toMatchObject({ id: 'sim.fault.xip-not-set-up' });
    expect(String(fast.pico.failure!.facts.problem)).toContain('62.5 MHz');
  });

  it('0Bh reads with eight clocks of wait work too, up to 133 MHz', () => {
    const fast = plainBoot2(2).map((s) =>
      'write' in s && s.write === SSI + 0xf4 ? write(s.write, 0x0b00_4218) : s,
    );
    const p = new ScriptedPico([...fullSpeed, write(0x2000_0000, 0xcafe)], { boot2: fast }).advance(10_000);
    expect([p.fault, p.result(0)]).toEqual([null, 0xcafe]);
  });

  it('reset_to_usb_boot ends in BOOTSEL, after 10 ms by the tick or at once without one', () => {
    const rom = new DataView(romImage(0x4000).buffer);
    let at = rom.getUint16(0x14, true);
    while (rom.getUint16(at, true) !== 0x4255) at += 4; // 'U' 'B'
    const function_ = rom.getUint16(at + 2, true);
    // ldr r3, [pc, #4]; movs r0, #4; movs r1, #1; blx r3; .word UB
    const call = code(0x4b01, 0x2004, 0x2101, 0x4798, function_, 0);
    const tick = new ScriptedPico([...fullSpeed, call]);
    const seen = (p: ScriptedPico) => p.pico.diagnoses.list[0];
    tick.advance(14_000);
    expect(tick.pico.mode).toBe('running');
    tick.advance(30_000);
    expect([tick.pico.mode, tick.fault]).toEqual(['bootsel', null]);
    expect(seen(tick)).toMatchObject({
      id: 'sim.diagnosis.usb-boot',
      facts: { activityPins: 4, disabledInterfaces: 1 },
    });
    expect(new ScriptedPico([call]).advance(12_000).pico.mode).toBe('bootsel');
  });

  it('RUN starts the same image again and keeps SRAM; power off clears it', () => {
    const p = new ScriptedPico([], { boot2: [read(0x2000_0100, 0), write(0x2000_0100, 7)] });
    p.advance(10_000);
    expect(p.result(0)).toBe(0);
    p.pico.reset();
    p.advance(20_000);
    expect(p.result(0)).toBe(7);
    p.pico.setPower(false, 20_000);
    p.pico.setPower(true, 25_000);
    p.advance(40_000);
    expect(p.result(0)).toBe(0);
  });
});
