/** What the chip has and this model has not is named on first touch, with the address and the instruction. */
import { describe, expect, it } from 'vitest';
import { fullSpeed, read, REG, release, write, type Step } from './script-image.ts';
import { ScriptedPico } from './scripted-pico.ts';

const PWM = 0x4005_0000;
const RTC = 0x4005_c000;
const SPI0 = 0x4003_c000;
const SPI1 = 0x4004_0000;
const I2C0 = 0x4004_4000;
const PIO0 = 0x5020_0000;
const PIO1 = 0x5030_0000;
const clkRtc = write(REG.CLOCKS + 0x6c, (1 << 11) | (3 << 5));

const run = (steps: readonly Step[]) => new ScriptedPico(steps).advance(50_000).pico.failure;

describe('blocks that are not modelled', () => {
  it.each<[string, Step[], number]>([
    ['PWM', release(14), PWM],
    ['RTC', [...fullSpeed, clkRtc, ...release(15)], RTC],
    ['SPI0', [...fullSpeed, ...release(16)], SPI0],
    ['SPI1', [...fullSpeed, ...release(17)], SPI1],
    ['PIO0', release(10), PIO0],
    ['PIO1', release(11), PIO1],
  ])('%s', (block, before, address) => {
    for (const touch of [read(address, 0), write(address, 1)]) {
      const failure = run([...before, touch]);
      expect(failure).toMatchObject({ id: 'sim.fault.unmodelled-block', facts: { block } });
      expect(failure!.facts.pc).toMatch(/^0x1000_/);
    }
  });
});

describe('parts of blocks that are not modelled', () => {
  it.each<[string, Step[], string, string]>([
    ['interpolators', [read(REG.SIO + 0x80, 0)], 'SIO', '0x80'],
    ['the mailbox to core 1', [write(REG.SIO + 0x54, 0)], 'SIO', '0x54'],
    ['the target side of I2C', [...release(3), write(I2C0, 0x25)], 'I2C0', '0x0'],
    ['10-bit addresses of I2C', [...release(3), write(I2C0, 0x75)], 'I2C0', '0x0'],
    ['interrupts of core 1 by pins', [...release(5), write(REG.IO_BANK0 + 0x130, 1)], 'IO_BANK0', '0x130'],
    ['dormant wake by pins', [...release(5), write(REG.IO_BANK0 + 0x160, 1)], 'IO_BANK0', '0x160'],
  ])('%s', (_, steps, block, register) => {
    expect(run(steps)).toMatchObject({ id: 'sim.fault.unmodelled-register', facts: { block, register } });
  });
});
