/**
 * Host time of one access to each modelled block: a loop of 64 loads or stores of one register, minus the same loop on
 * SRAM. Beside it the cost of a GPIO edge, which the world is told of.
 */
import { EmulatedPico } from '../../src-main/sim/pico/emulated-pico.ts';
import {
  CLEAR,
  code,
  fullSpeed,
  poll,
  REG,
  scriptImage,
  write,
  type Step,
} from '../unit/sim/pico/script-image.ts';

export const name = 'peripherals';

const SRAM = 0x2000_0000;
const LOOP = SRAM + 0x1000;
const ACCESSES = 64;
const STEP_US = 2_000;
const LIMIT_NS = 100;
/** PLL_USB at 48 MHz for clk_usb and clk_adc, every modelled block out of reset, GPIO2 an output of SIO. */
const PLL_USB = 0x4002_c000;
const ALL_BLOCKS = 0x01ff_ffff;
const SET_UP: Step[] = [
  ...fullSpeed,
  write(REG.RESETS + CLEAR, 1 << 13),
  write(PLL_USB, 1),
  write(PLL_USB + 8, 100),
  write(PLL_USB + 4 + CLEAR, 0x21),
  poll(PLL_USB, 0x8000_0000),
  write(PLL_USB + 0xc, 0x5_5000),
  write(PLL_USB + 4 + CLEAR, 0x08),
  write(REG.CLOCKS + 0x54, 1 << 11),
  write(REG.CLOCKS + 0x60, 1 << 11),
  write(REG.RESETS + CLEAR, ALL_BLOCKS),
  write(REG.IO_BANK0 + 0x14, 5),
  write(REG.SIO + 0x20, 1 << 2),
  code(0xe7fe), // b .
];

interface Access {
  readonly name: string;
  readonly address: number;
  /** Stored value; undefined for loads. */
  readonly value?: number;
}

/** One register a block that firmware touches often; stores leave the register as it is unless the name says otherwise. */
const ACCESSES_OF_BLOCKS: readonly Access[] = [
  { name: 'sysinfoLoad', address: 0x4000_0000 },
  { name: 'clocksLoad', address: REG.CLOCKS + 0x3c },
  { name: 'resetsLoad', address: REG.RESETS_DONE },
  { name: 'psmLoad', address: REG.PSM + 8 },
  { name: 'ioBank0Load', address: REG.IO_BANK0 + 0x10 },
  { name: 'ioBank0Store', address: REG.IO_BANK0 + 0x14, value: 5 },
  { name: 'ioBank0InterruptLoad', address: REG.IO_BANK0 + 0x120 },
  { name: 'padsLoad', address: REG.PADS_BANK0 + 0xc },
  { name: 'padsStore', address: REG.PADS_BANK0 + 0xc, value: 0x56 },
  { name: 'xoscLoad', address: REG.XOSC + 4 },
  { name: 'pllLoad', address: REG.PLL_SYS },
  { name: 'uartFlagsLoad', address: REG.UART0 + 0x18 },
  { name: 'uartMaskStore', address: REG.UART0 + 0x38, value: 0 },
  { name: 'timerRawLowLoad', address: REG.TIMER + 0x28 },
  { name: 'timerInterruptStore', address: REG.TIMER + 0x34, value: 15 },
  { name: 'timerAlarmStore', address: REG.TIMER + 0x10, value: 0xffff_ffff },
  { name: 'watchdogLoadStore', address: REG.WATCHDOG + 4, value: 0xff_ffff },
  { name: 'watchdogScratchLoad', address: REG.WATCHDOG + 0xc },
  { name: 'i2cStatusLoad', address: 0x4004_4070 },
  { name: 'i2cDataLoad', address: 0x4004_4010 },
  { name: 'i2cRawInterruptLoad', address: 0x4004_4034 },
  { name: 'i2cMaskStore', address: 0x4004_4030, value: 0 },
  { name: 'adcControlLoad', address: 0x4004_c000 },
  { name: 'adcFifoLoad', address: 0x4004_c00c },
  { name: 'adcFifoControlStore', address: 0x4004_c008, value: 1 },
  { name: 'dmaControlLoad', address: 0x5000_0010 },
  { name: 'dmaCountLoad', address: 0x5000_0008 },
  { name: 'dmaReadAddressStore', address: 0x5000_0000, value: 0 },
  { name: 'dmaInterruptStore', address: 0x5000_040c, value: 0xfff },
  { name: 'ioBank0EdgeStore', address: REG.IO_BANK0 + 0xf0, value: 0xffff_ffff },
  { name: 'busctrlLoad', address: 0x4003_0004 },
  { name: 'i2cStatusLoad', address: 0x4004_4070 },
  { name: 'i2cMaskStore', address: 0x4004_4030, value: 0x8ff },
  { name: 'adcFifoControlStore', address: 0x4004_c008, value: 0 },
  { name: 'dmaControlLoad', address: 0x5000_0010 },
  { name: 'usbStatusLoad', address: 0x5011_0050 },
  { name: 'usbInterruptsLoad', address: 0x5011_0098 },
  { name: 'usbInterruptEnableStore', address: 0x5011_0090, value: 0x11010 },
  { name: 'usbDpramLoad', address: 0x5010_0180 },
  { name: 'usbDpramStore', address: 0x5010_0180, value: 1 },
  { name: 'usbBufferControlStore', address: 0x5010_0088, value: 0 },
  { name: 'roscLoad', address: 0x4006_0018 },
  { name: 'vregLoad', address: 0x4006_4000 },
  { name: 'xipCtrlLoad', address: 0x1400_0008 },
  { name: 'ssiStatusLoad', address: 0x1800_0028 },
  { name: 'sioInputLoad', address: REG.SIO + 4 },
  { name: 'sioSetStoreWithoutEdge', address: REG.SIO + 0x18, value: 1 << 2 },
  { name: 'sioToggleStore', address: REG.SIO + 0x1c, value: 1 << 2 },
  { name: 'sioDividerStore', address: REG.SIO + 0x60, value: 1000 },
  { name: 'sioSpinlockLoad', address: REG.SIO + 0x100 },
  { name: 'nvicLoad', address: REG.PPB + 0x100 },
  { name: 'nvicClearStore', address: REG.PPB + 0x180, value: 1 },
  { name: 'systickLoad', address: REG.PPB + 0x18 },
];

function started(): EmulatedPico {
  const pico = new EmulatedPico({ activity: { activity: () => undefined } });
  pico.program(scriptImage(SET_UP));
  pico.setPower(true, 0);
  pico.advanceTo(10_000);
  if (pico.failure) throw new Error(`${pico.failure.id} ${JSON.stringify(pico.failure.facts)}`);
  return pico;
}

/** Runs the loop until `seconds` have passed; ns a pass of the loop. */
function nsPerPass(pico: EmulatedPico, access: Access, seconds: number): number {
  const store = access.value !== undefined;
  const halfwords = [...Array<number>(ACCESSES).fill(store ? 0x6001 : 0x6801), 0x3201]; // str/ldr r1, [r0]; adds r2, #1
  halfwords.push(0xe000 | ((-halfwords.length - 2) & 0x7ff)); // b to the first
  const { core } = pico;
  core.sram.set(new Uint8Array(Uint16Array.from(halfwords).buffer), LOOP - SRAM);
  core.forgetSram(LOOP - SRAM, halfwords.length * 2);
  core.state[0] = access.address;
  core.state[1] = access.value ?? 0;
  core.state[15] = LOOP;
  const run = (until: number): number => {
    core.state[2] = 0;
    // processor time of this thread: other programs on the machine do not count
    const began = process.threadCpuUsage();
    let elapsed = 0;
    while (elapsed < until) {
      pico.advanceTo(pico.timeUs + STEP_US);
      const { user, system } = process.threadCpuUsage(began);
      elapsed = (user + system) / 1e6;
    }
    if (pico.failure) throw new Error(`${access.name}: ${pico.failure.id}`);
    return (elapsed * 1e9) / core.state[2];
  };
  run(seconds / 4);
  return Math.min(run(seconds), run(seconds), run(seconds));
}

export async function bench(): Promise<{
  figures: Record<string, number>;
  checks: { name: string; value: number; limit: number; ok: boolean }[];
}> {
  const pico = started();
  const sramLoad = nsPerPass(pico, { name: 'sram', address: SRAM }, 0.1);
  const sramStore = nsPerPass(pico, { name: 'sram', address: SRAM, value: 0 }, 0.1);
  const figures: Record<string, number> = {};
  for (const a of ACCESSES_OF_BLOCKS) {
    const ns = (nsPerPass(pico, a, 0.1) - (a.value === undefined ? sramLoad : sramStore)) / ACCESSES;
    figures[`${a.name}Ns`] = Math.round(ns * 10) / 10;
  }
  const checks = Object.entries(figures).map(([n, value]) => ({
    name: `${n} above a SRAM access`,
    value,
    limit: LIMIT_NS,
    ok: value <= LIMIT_NS,
  }));
  return {
    figures: { ...figures, sramLoadNs: sramLoad / ACCESSES, sramStoreNs: sramStore / ACCESSES },
    checks,
  };
}
