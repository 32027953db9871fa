/** Which blocks there are, where they sit, and how they are wired to each other. */
import { SerialLine, type Alarm, type SerialReceiver } from '../serial-line.ts';
import type { BusBlock, BusBlocks } from './bus.ts';
import type { Chip, RegisterBlock } from './chip.ts';
import type { Flash } from './flash.ts';
import { Clocks } from './peripherals/clocks.ts';
import { FUNCTION_UART, IoBank0 } from './peripherals/io-bank0.ts';
import { BANK0_DEFAULTS, PAD_IE, Pads, QSPI_DEFAULTS } from './peripherals/pads.ts';
import { Pll } from './peripherals/pll.ts';
import { Ppb } from './peripherals/ppb.ts';
import { RESET_BIT, Resets } from './peripherals/resets.ts';
import { Rosc } from './peripherals/rosc.ts';
import { Sio } from './peripherals/sio.ts';
import { IoQspi, Psm, Syscfg, Sysinfo, Vreg } from './peripherals/small-blocks.ts';
import { Ssi } from './peripherals/ssi.ts';
import { SysTick } from './peripherals/systick.ts';
import { Timer } from './peripherals/timer.ts';
import { Uart } from './peripherals/uart.ts';
import { Watchdog } from './peripherals/watchdog.ts';
import { XipCtrl } from './peripherals/xip-ctrl.ts';
import { Xosc } from './peripherals/xosc.ts';
import { CPU } from './core/cpu-state.ts';

export interface BlockWiring {
  readonly state: Uint32Array;
  readonly clockChanged: () => void;
  readonly xipChanged: () => void;
  readonly pinsChanged: () => void;
  readonly reconsider: () => void;
  readonly watchdogReset: () => void;
  readonly coreReset: () => void;
}

export interface Blocks {
  readonly map: BusBlocks;
  readonly resets: Resets;
  readonly clocks: Clocks;
  readonly io: IoBank0;
  readonly ioQspi: IoQspi;
  readonly pads: Pads;
  readonly ssi: Ssi;
  readonly xipCtrl: XipCtrl;
  readonly watchdog: Watchdog;
  readonly uart0Input: SerialLine;
  /** Connects what listens on GPIO0; frames go there while UART0's TX is on that pin. */
  connectUart0(receiver: SerialReceiver): void;
  /** Everything as after power-on or a pulse on RUN. */
  powerOn(): void;
  /** The clock tree changed: what counts or divides clocks follows. */
  clocksChanged(): void;
  /** The watchdog bit: resets what PSM and RESETS select; true when the core starts over. */
  watchdogReset(): boolean;
  /** SYSRESETREQ: the core and its private peripherals only. */
  coreReset(): void;
  clearLines(): void;
}

const PIN_UART0_TX = 0;
const PIN_UART0_RX = 1;
const PSM_OSCILLATORS_AND_CLOCKS = 7;
const PSM_RESETS = 8;
const IRQ_UART0 = 20;

export function createBlocks(chip: Chip, flash: Flash, wiring: BlockWiring): Blocks {
  const s = wiring.state;
  const sourcesChanged = (): void => clocks.update();
  const rosc = new Rosc(sourcesChanged);
  const xosc = new Xosc(chip, sourcesChanged);
  const pllSys = new Pll('PLL_SYS', chip, () => xosc.output, sourcesChanged);
  const pllUsb = new Pll('PLL_USB', chip, () => xosc.output, sourcesChanged);
  const clocks: Clocks = new Clocks(
    chip,
    {
      rosc: () => rosc.output,
      xosc: () => xosc.output,
      pllSys: () => pllSys.output,
      pllUsb: () => pllUsb.output,
    },
    wiring.clockChanged,
  );
  const pads: Pads = new Pads(BANK0_DEFAULTS, () => io.update());
  const padsQspi = new Pads(QSPI_DEFAULTS, () => undefined);
  const io: IoBank0 = new IoBank0(chip, {
    pads: () => pads,
    sioOut: () => sio.out,
    sioEnable: () => sio.outputEnable,
    changed: wiring.pinsChanged,
  });
  const sio: Sio = new Sio(chip, { inputs: () => io.inputs, outputsChanged: () => io.update() });
  const systick = new SysTick(chip, () => {
    s[CPU.systemPending]! |= 1 << 15;
    wiring.reconsider();
  });
  const ppb = new Ppb(systick, { state: s, reconsider: wiring.reconsider, systemReset: wiring.coreReset });
  const timer = new Timer(chip);
  const watchdog = new Watchdog(chip, {
    tickChanged: (tick) => {
      timer.setTick(tick);
      systick.setTick(tick);
    },
    bite: wiring.watchdogReset,
  });
  let uart0Output: SerialLine | null = null;
  const lineAlarm = (fire: () => void): Alarm => {
    const slot = chip.events.slot(fire);
    return { at: (us) => slot.atUs(us), clear: () => slot.clear() };
  };
  const uart0 = new Uart(chip, {
    name: 'UART0',
    irq: IRQ_UART0,
    transmitter: () => (io.functionOf(PIN_UART0_TX) === FUNCTION_UART ? uart0Output : null),
  });
  const uart1 = new Uart(chip, { name: 'UART1', irq: IRQ_UART0 + 1, transmitter: () => null });
  const uart0Input = new SerialLine(
    {
      get bitUs() {
        return uart0.bitUs;
      },
      get listening() {
        const routed =
          io.functionOf(PIN_UART0_RX) === FUNCTION_UART && (pads.pad(PIN_UART0_RX) & PAD_IE) !== 0;
        return routed && uart0.listening;
      },
      receive: (byte, framing) => uart0.receive(byte, framing),
    },
    lineAlarm,
  );
  const ssi = new Ssi(chip, flash, wiring.xipChanged);
  const xipCtrl = new XipCtrl();
  const psm = new Psm();
  const vreg = new Vreg();
  const ioQspi = new IoQspi();
  const peripheralClock = (): boolean => clocks.tree.peri !== null;

  const byResetBit = new Map<number, RegisterBlock>([
    [RESET_BIT.IO_BANK0, io],
    [RESET_BIT.IO_QSPI, ioQspi],
    [RESET_BIT.PADS_BANK0, pads],
    [RESET_BIT.PADS_QSPI, padsQspi],
    [RESET_BIT.PLL_SYS, pllSys],
    [RESET_BIT.PLL_USB, pllUsb],
    [RESET_BIT.TIMER, timer],
    [RESET_BIT.UART0, uart0],
    [RESET_BIT.UART1, uart1],
  ]);
  const clockOf = (bit: number): boolean => {
    if (
      bit === RESET_BIT.UART0 ||
      bit === RESET_BIT.UART1 ||
      bit === RESET_BIT.SPI0 ||
      bit === RESET_BIT.SPI1
    )
      return peripheralClock();
    if (bit === RESET_BIT.USBCTRL) return clocks.tree.usb !== null;
    if (bit === RESET_BIT.ADC) return clocks.tree.adc !== null;
    return bit !== RESET_BIT.RTC || clocks.tree.rtc !== null;
  };
  const resets = new Resets((bit) => {
    byResetBit.get(bit)?.reset();
    if (bit === RESET_BIT.PLL_SYS || bit === RESET_BIT.PLL_USB) clocks.update();
  }, clockOf);

  const on = (name: string, block: RegisterBlock | null, resetBit: number | null = null): BusBlock => ({
    name,
    block,
    resetBit,
  });
  const under = (name: keyof typeof RESET_BIT, block: RegisterBlock | null = null): BusBlock => ({
    name,
    block,
    resetBit: RESET_BIT[name],
  });
  const syscfg = new Syscfg();
  byResetBit.set(RESET_BIT.SYSCFG, syscfg);
  const map: BusBlocks = {
    // In the order of their addresses, 0x4000 apart: data sheet 2.2.4
    apb: [
      under('SYSINFO', new Sysinfo()), under('SYSCFG', syscfg), on('CLOCKS', clocks), on('RESETS', resets),
      on('PSM', psm), under('IO_BANK0', io), under('IO_QSPI', ioQspi), under('PADS_BANK0', pads),
      under('PADS_QSPI', padsQspi), on('XOSC', xosc), under('PLL_SYS', pllSys), under('PLL_USB', pllUsb),
      under('BUSCTRL'), { ...under('UART0', uart0), clocked: peripheralClock },
      { ...under('UART1', uart1), clocked: peripheralClock }, { ...under('SPI0'), clocked: peripheralClock },
      { ...under('SPI1'), clocked: peripheralClock }, under('I2C0'), under('I2C1'), under('ADC'), under('PWM'),
      under('TIMER', timer), on('WATCHDOG', watchdog), under('RTC'), on('ROSC', rosc),
      on('VREG_AND_CHIP_RESET', vreg), null, under('TBMAN'),
    ], // prettier-ignore
    xipCtrl: on('XIP_CTRL', xipCtrl),
    ssi: on('SSI', ssi),
    sio: on('SIO', sio),
    ppb: on('PPB', ppb),
  };

  const resetCoreSide = (): void => {
    ppb.reset();
    sio.reset();
  };
  const clearLines = (): void => {
    uart0Input.clear();
    uart0Output?.clear();
  };
  const blocks: Blocks = {
    map,
    resets,
    clocks,
    io,
    ioQspi,
    pads,
    ssi,
    xipCtrl,
    watchdog,
    uart0Input,
    connectUart0(receiver) {
      uart0Output = new SerialLine(receiver, lineAlarm);
    },
    powerOn() {
      for (const block of [rosc, xosc, psm, vreg, resets, xipCtrl, ssi]) block.reset();
      for (const block of byResetBit.values()) block.reset();
      clocks.reset();
      watchdog.powerOn();
      resetCoreSide();
      clearLines();
    },
    clocksChanged() {
      const { tree } = clocks;
      uart0.setClock(tree.peri);
      uart1.setClock(tree.peri);
      watchdog.setClocks(tree.ref, tree.sys);
    },
    watchdogReset() {
      const selected = psm.watchdogSelect;
      watchdog.reset();
      resets.setHeld(resets.held | resets.watchdogSelect);
      if (selected === 0) return false;
      if (selected & PSM_OSCILLATORS_AND_CLOCKS) clocks.reset();
      if (selected & 2) xosc.reset();
      if (selected & (PSM_OSCILLATORS_AND_CLOCKS | PSM_RESETS)) resets.reset();
      xipCtrl.reset();
      ssi.reset();
      resetCoreSide();
      return true;
    },
    coreReset: resetCoreSide,
    clearLines,
  };
  return blocks;
}
