/** Which blocks there are, where they sit, and how they are wired to each other. */
import { AnalogueInputs } from './analogue-inputs.ts';
import type { DmaBus } from './dma-bus.ts';
import { I2cBus } from './i2c-bus.ts';
import type { Alarm, SerialReceiver } from '../serial-line.ts';
import type { AhbBlocks, BusBlock, BusBlocks } from './bus.ts';
import type { Chip, RegisterBlock } from './chip.ts';
import { CPU } from './core/cpu-state.ts';
import type { Flash } from './flash.ts';
import { Adc } from './peripherals/adc.ts';
import { Busctrl, Tbman } from './peripherals/busctrl.ts';
import { hasInert } from './inert-registers.ts';
import { Clocks } from './peripherals/clocks.ts';
import { Dma } from './peripherals/dma.ts';
import { I2c } from './peripherals/i2c.ts';
import { FUNCTION_I2C, FUNCTION_USB, IoBank0 } from './peripherals/io-bank0.ts';
import { BANK0_DEFAULTS, PAD_PDE, Pads, QSPI_DEFAULTS } from './peripherals/pads.ts';
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
import { Usb } from './peripherals/usb.ts';
import { Watchdog } from './peripherals/watchdog.ts';
import { UartPort } from './uart-port.ts';
import { XipCtrl, type XipCache } from './peripherals/xip-ctrl.ts';
import { Xosc } from './peripherals/xosc.ts';

export interface BlockWiring {
  /** The core's state, indexed by CPU. */
  readonly state: Uint32Array;
  readonly clockChanged: () => void;
  readonly xipChanged: () => void;
  /** SYSCFG.PROC0_NMI_MASK. */
  readonly nmiMaskChanged: (mask: number) => void;
  readonly xipCache: XipCache;
  readonly pinsChanged: () => void;
  /** Something pending changed: the core must look before its next instruction. */
  readonly reconsider: () => void;
  readonly watchdogReset: () => void;
  readonly coreReset: () => void;
  readonly dmaBus: DmaBus;
}

/** SCLK, SD0, SD1: the order of PADS_QSPI (2.19.6.4). */
const PAD_SD1 = 2;
/** Bits of PSM (2.13.2): ROSC, XOSC, CLOCKS; then RESETS. A selected block resets all that come after it. */
const PSM_XOSC = 2;
const PSM_OSCILLATORS_AND_CLOCKS = 7;
const PSM_RESETS = 8;
const IRQ_UART0 = 20;
const IRQ_I2C0 = 23;
/** The board's divider from the USB connector's 5 V. */
const PIN_VBUS_SENSE = 24;
const SYSTICK_EXCEPTION = 15;

export class Blocks {
  readonly rosc: Rosc;
  readonly xosc: Xosc;
  readonly pllSys: Pll;
  readonly pllUsb: Pll;
  readonly clocks: Clocks;
  readonly pads: Pads;
  readonly padsQspi = new Pads(QSPI_DEFAULTS, () =>
    this.ssi.setIo1((this.padsQspi.pad(PAD_SD1) & PAD_PDE) === 0),
  );
  readonly io: IoBank0;
  readonly ioQspi = new IoQspi((override) => this.ssi.overrideChipSelect(override));
  readonly sio: Sio;
  readonly systick: SysTick;
  readonly ppb: Ppb;
  readonly timer: Timer;
  readonly watchdog: Watchdog;
  readonly uart0: Uart;
  readonly uart1: Uart;
  /** The UARTs' lines to the outside. */
  readonly uartPorts: readonly [UartPort, UartPort];
  readonly busctrl: Busctrl;
  readonly i2c0: I2c;
  readonly i2c1: I2c;
  /** What hangs on each controller's wires, wherever its pins are. */
  readonly i2cBuses: readonly [I2cBus, I2cBus] = [new I2cBus(), new I2cBus()];
  readonly adc: Adc;
  readonly analogue = new AnalogueInputs();
  readonly dma: Dma;
  readonly usb: Usb;
  readonly ssi: Ssi;
  readonly xipCtrl: XipCtrl;
  readonly psm = new Psm();
  readonly vreg = new Vreg();
  readonly syscfg: Syscfg;
  readonly resets: Resets;
  readonly map: BusBlocks;
  readonly #chip: Chip;
  readonly #byResetBit: ReadonlyMap<number, RegisterBlock>;

  constructor(chip: Chip, flash: Flash, wiring: BlockWiring) {
    this.#chip = chip;
    const sourcesChanged = (): void => this.clocks.update();
    this.rosc = new Rosc(sourcesChanged);
    this.xosc = new Xosc(chip, sourcesChanged);
    this.pllSys = new Pll('PLL_SYS', chip, () => this.xosc.output, sourcesChanged);
    this.pllUsb = new Pll('PLL_USB', chip, () => this.xosc.output, sourcesChanged);
    this.clocks = this.#createClocks(wiring);
    this.pads = new Pads(BANK0_DEFAULTS, (pin) => this.io.padChanged(pin));
    this.io = new IoBank0(chip, {
      pads: () => this.pads,
      sioOut: () => this.sio.out,
      sioEnable: () => this.sio.outputEnable,
      changed: wiring.pinsChanged,
    });
    this.sio = new Sio(chip, {
      inputs: () => this.io.inputs,
      qspiInputs: () => this.ioQspi.inputs,
      outputsChanged: () => this.io.update(),
    });
    this.systick = this.#createSystick(wiring);
    this.ppb = new Ppb(this.systick, {
      state: wiring.state,
      reconsider: wiring.reconsider,
      systemReset: wiring.coreReset,
    });
    this.timer = new Timer(chip);
    this.watchdog = this.#createWatchdog(wiring);
    this.uartPorts = [this.#createPort(0), this.#createPort(1)];
    this.uart0 = this.#createUart(0);
    this.uart1 = this.#createUart(1);
    this.i2c0 = this.#createI2c(0);
    this.i2c1 = this.#createI2c(1);
    this.adc = new Adc(chip, {
      voltage: (input, us) => this.analogue.voltage(input, us),
      dreqChanged: () => this.dma.dreqChanged(),
    });
    this.dma = new Dma(chip, { bus: wiring.dmaBus, dreq: (n) => this.#dreq(n) });
    this.usb = this.#createUsb();
    this.busctrl = new Busctrl(() => wiring.xipCache.accesses().all);
    this.syscfg = new Syscfg(wiring.nmiMaskChanged);
    this.xipCtrl = new XipCtrl(chip, wiring.xipCache, () => this.dma.dreqChanged());
    this.ssi = new Ssi(chip, flash, wiring.xipChanged);
    this.#byResetBit = this.#blocksUnderReset();
    this.resets = new Resets(
      (bit) => this.#putIntoReset(bit),
      (bit) => this.#clockRuns(bit),
    );
    this.map = this.#busMap();
  }

  /** Connects what listens to UART `n`; frames go there while its TX is on a pin. */
  connectUart(n: 0 | 1, receiver: SerialReceiver): void {
    this.uartPorts[n].connect(receiver);
  }

  /** Everything as after power-on or a pulse on RUN. */
  powerOn(): void {
    const { rosc, xosc, psm, vreg, resets, xipCtrl, ssi } = this;
    for (const block of [rosc, xosc, psm, vreg, resets, xipCtrl, ssi]) block.reset();
    for (const block of this.#byResetBit.values()) block.reset();
    this.usb.dpram.powerOn();
    this.clocks.reset();
    this.watchdog.powerOn();
    this.coreReset();
    this.clearLines();
  }

  /** The clock tree changed: what counts or divides clocks follows. */
  clocksChanged(): void {
    const { tree } = this.clocks;
    this.adc.setClocks(tree.adc, tree.sys);
    this.uart0.setClock(tree.peri);
    this.uart1.setClock(tree.peri);
    this.usb.setClock(tree.usb);
    this.watchdog.setClocks(tree.ref, tree.sys);
  }

  /** The watchdog bit: resets what PSM and RESETS select; true when the core starts over. */
  watchdogReset(): boolean {
    const selected = this.psm.watchdogSelect;
    this.watchdog.reset();
    this.resets.setHeld(this.resets.held | this.resets.watchdogSelect);
    if (selected === 0) return false;
    if (selected & PSM_OSCILLATORS_AND_CLOCKS) this.clocks.reset();
    if (selected & PSM_XOSC) this.xosc.reset();
    if (selected & (PSM_OSCILLATORS_AND_CLOCKS | PSM_RESETS)) this.resets.reset();
    this.xipCtrl.reset();
    this.ssi.reset();
    this.coreReset();
    return true;
  }

  /** SYSRESETREQ: the core's private peripherals and its I/O port only. */
  coreReset(): void {
    this.ppb.reset();
    this.sio.reset();
  }

  /** Frames under way on all lines are lost. */
  clearLines(): void {
    for (const port of this.uartPorts) port.clear();
  }

  readonly #lineAlarm = (fire: () => void): Alarm => {
    const slot = this.#chip.events.slot(fire);
    return { at: (us) => slot.atUs(us), clear: () => slot.clear() };
  };

  #createClocks(wiring: BlockWiring): Clocks {
    return new Clocks(
      this.#chip,
      {
        rosc: () => this.rosc.output,
        xosc: () => this.xosc.output,
        pllSys: () => this.pllSys.output,
        pllUsb: () => this.pllUsb.output,
      },
      wiring.clockChanged,
    );
  }

  #createSystick(wiring: BlockWiring): SysTick {
    return new SysTick(this.#chip, () => {
      wiring.state[CPU.systemPending]! |= 1 << SYSTICK_EXCEPTION;
      wiring.reconsider();
    });
  }

  #createWatchdog(wiring: BlockWiring): Watchdog {
    return new Watchdog(this.#chip, {
      tickChanged: (tick) => {
        this.timer.setTick(tick);
        this.systick.setTick(tick);
      },
      bite: wiring.watchdogReset,
    });
  }

  #createPort(number: 0 | 1): UartPort {
    return new UartPort({
      number,
      uart: () => (number === 0 ? this.uart0 : this.uart1),
      io: () => this.io,
      pads: () => this.pads,
      alarm: this.#lineAlarm,
    });
  }

  #createUart(n: 0 | 1): Uart {
    const transmitter = () => this.uartPorts[n].transmitter();
    const dreqChanged = () => this.dma.dreqChanged();
    return new Uart(this.#chip, { name: `UART${n}`, irq: IRQ_UART0 + n, transmitter, dreqChanged });
  }

  #createI2c(n: 0 | 1): I2c {
    return new I2c(this.#chip, {
      name: `I2C${n}`,
      irq: IRQ_I2C0 + n,
      bus: this.i2cBuses[n],
      lines: () => this.#i2cLines(n),
      dreqChanged: () => this.dma.dreqChanged(),
    });
  }

  #createUsb(): Usb {
    return new Usb(this.#chip, {
      vbusPin: () => this.#vbusDetected(),
      setVbus: (present) => this.io.drive(PIN_VBUS_SENSE, present),
    });
  }

  /** 2.19.2: function 9 of every third pin from GPIO1 on is USB VBUS DETECT. */
  #vbusDetected(): boolean {
    for (let pin = 1; pin < 30; pin += 3)
      if (this.io.functionOf(pin) === FUNCTION_USB && (this.io.levels >> pin) & 1) return true;
    return false;
  }

  /** 2.19.2: GPIO n carries SDA when even and SCL when odd, of I2C0 when n mod 4 < 2. */
  #i2cLines(n: 0 | 1): 'ready' | 'not-routed' | 'no-pull-up' {
    let [data, clock] = [-1, -1];
    for (let pin = n * 2; pin < 30; pin += 4) {
      if (this.io.functionOf(pin) === FUNCTION_I2C) data = pin;
      if (pin + 1 < 30 && this.io.functionOf(pin + 1) === FUNCTION_I2C) clock = pin + 1;
    }
    if (data < 0 || clock < 0 || !this.io.hears(data) || !this.io.hears(clock)) return 'not-routed';
    const pulled = (pin: number) => this.i2cBuses[n].pulledUp || this.io.isPulledUp(pin);
    return pulled(data) && pulled(clock) ? 'ready' : 'no-pull-up';
  }

  /** Request lines: 2.5.3.1. */
  #dreq(n: number): number | null {
    switch (n) {
      case 20:
        return this.uart0.transmitDreq;
      case 21:
        return this.uart0.receiveDreq;
      case 22:
        return this.uart1.transmitDreq;
      case 23:
        return this.uart1.receiveDreq;
      case 32:
        return this.i2c0.transmitDreq;
      case 33:
        return this.i2c0.receiveDreq;
      case 34:
        return this.i2c1.transmitDreq;
      case 35:
        return this.i2c1.receiveDreq;
      case 36:
        return this.adc.dreq;
      case 37:
        return this.xipCtrl.streamDreq;
      default:
        return null;
    }
  }

  #blocksUnderReset(): ReadonlyMap<number, RegisterBlock> {
    return new Map<number, RegisterBlock>([
      [RESET_BIT.ADC, this.adc],
      [RESET_BIT.BUSCTRL, this.busctrl],
      [RESET_BIT.DMA, this.dma],
      [RESET_BIT.I2C0, this.i2c0],
      [RESET_BIT.I2C1, this.i2c1],
      [RESET_BIT.IO_BANK0, this.io],
      [RESET_BIT.IO_QSPI, this.ioQspi],
      [RESET_BIT.PADS_BANK0, this.pads],
      [RESET_BIT.PADS_QSPI, this.padsQspi],
      [RESET_BIT.PLL_SYS, this.pllSys],
      [RESET_BIT.PLL_USB, this.pllUsb],
      [RESET_BIT.SYSCFG, this.syscfg],
      [RESET_BIT.TIMER, this.timer],
      [RESET_BIT.UART0, this.uart0],
      [RESET_BIT.UART1, this.uart1],
      [RESET_BIT.USBCTRL, this.usb],
    ]);
  }

  #putIntoReset(bit: number): void {
    this.#byResetBit.get(bit)?.reset();
    if (bit === RESET_BIT.PLL_SYS || bit === RESET_BIT.PLL_USB) this.clocks.update();
  }

  /** 2.14.1: blocks with a clock of their own leave reset only while it runs. */
  #clockRuns(bit: number): boolean {
    const { tree } = this.clocks;
    switch (bit) {
      case RESET_BIT.UART0:
      case RESET_BIT.UART1:
      case RESET_BIT.SPI0:
      case RESET_BIT.SPI1:
        return tree.peri !== null;
      case RESET_BIT.USBCTRL:
        return tree.usb !== null;
      case RESET_BIT.ADC:
        return tree.adc !== null;
      case RESET_BIT.RTC:
        return tree.rtc !== null;
      default:
        return true;
    }
  }

  /** The address map: data sheet 2.2. */
  #busMap(): BusBlocks {
    const on = (name: string, block: RegisterBlock): BusBlock => ({
      name,
      block,
      resetBit: null,
      inert: hasInert(name),
    });
    const under = (name: keyof typeof RESET_BIT, block: RegisterBlock | null = null): BusBlock => ({
      name,
      block,
      resetBit: RESET_BIT[name],
      inert: hasInert(name),
    });
    const clocked = () => this.clocks.tree.peri !== null;
    const serial = (
      name: 'UART0' | 'UART1' | 'SPI0' | 'SPI1',
      block: RegisterBlock | null = null,
    ): BusBlock => ({
      ...under(name, block),
      clocked,
    });
    return {
      // In the order of their addresses, 0x4000 apart: 2.2.4
      apb: [
        under('SYSINFO', new Sysinfo()), under('SYSCFG', this.syscfg), on('CLOCKS', this.clocks),
        on('RESETS', this.resets), on('PSM', this.psm), under('IO_BANK0', this.io), under('IO_QSPI', this.ioQspi),
        under('PADS_BANK0', this.pads), under('PADS_QSPI', this.padsQspi), on('XOSC', this.xosc),
        under('PLL_SYS', this.pllSys), under('PLL_USB', this.pllUsb), under('BUSCTRL', this.busctrl), serial('UART0', this.uart0),
        serial('UART1', this.uart1), serial('SPI0'), serial('SPI1'), under('I2C0', this.i2c0), under('I2C1', this.i2c1),
        { ...under('ADC', this.adc), clocked: () => this.clocks.tree.adc !== null },
        under('PWM'), under('TIMER', this.timer), on('WATCHDOG', this.watchdog), under('RTC'), on('ROSC', this.rosc),
        on('VREG_AND_CHIP_RESET', this.vreg), null, under('TBMAN', new Tbman()),
      ], // prettier-ignore
      ahb: this.#ahbMap(),
      xipCtrl: on('XIP_CTRL', this.xipCtrl),
      ssi: on('SSI', this.ssi),
      sio: on('SIO', this.sio),
      ppb: on('PPB', this.ppb),
    };
  }

  /** Null where silicon has a block and this model has none: the bus names it on first touch. */
  #ahbMap(): AhbBlocks {
    const clocked = () => this.clocks.tree.usb !== null;
    const under = (name: keyof typeof RESET_BIT, block: RegisterBlock | null = null): BusBlock => ({
      name,
      block,
      resetBit: RESET_BIT[name],
    });
    return {
      dma: under('DMA', this.dma),
      usbDpram: { ...under('USBCTRL', this.usb.dpram), name: 'USB DPRAM', honoursWidth: true, clocked },
      usb: { ...under('USBCTRL', this.usb), clocked },
      pio0: under('PIO0'),
      pio1: under('PIO1'),
      xipAux: { name: 'XIP_AUX', block: this.xipCtrl.aux, resetBit: null },
    };
  }
}
