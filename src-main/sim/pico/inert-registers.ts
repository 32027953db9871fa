/**
 * Registers that hold what is written and change nothing here, by block and offset, with what they do on silicon
 * (RP2040 data sheet 2.1.5, 2.10, 2.13, 2.15, 2.17, 2.20, 4.6). The bus names the first change of each.
 */
const INERT: Readonly<Record<string, ReadonlyMap<number, string>>> = {
  BUSCTRL: new Map([[0x0, 'bus priorities']]),
  CLOCKS: new Map([
    [0xa8, 'clocks that stop in sleep'],
    [0xac, 'clocks that stop in sleep'],
  ]),
  PSM: new Map([[0x0, 'forcing power on']]),
  ROSC: new Map([
    [0x4, 'the frequency of the ring oscillator'],
    [0x8, 'the frequency of the ring oscillator'],
    [0x14, 'the phase of the ring oscillator'],
  ]),
  SYSCFG: new Map([
    [0x8, 'the processors’ configuration'],
    [0xc, 'bypassing the input synchronisers'],
    [0x10, 'bypassing the input synchronisers'],
    [0x14, 'debug signals'],
  ]),
  TIMER: new Map([[0x2c, 'pausing while a debugger halts the core']]),
  VREG_AND_CHIP_RESET: new Map([
    [0x0, 'the core voltage'],
    [0x4, 'the brown-out level'],
  ]),
};

/** What the register at `offset` would do on silicon, where it does nothing here; undefined for all others. */
export function inertPurpose(block: string, offset: number): string | undefined {
  return INERT[block]?.get(offset);
}

/** Blocks that have such registers: the bus asks nobody else. */
export function hasInert(block: string): boolean {
  return block in INERT;
}
