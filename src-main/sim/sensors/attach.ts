/** Puts sensors on an emulated Pico's pins. */
import { hex } from '../pico/chip.ts';
import type { EmulatedPico } from '../pico/emulated-pico.ts';
import { imuSource, type ImuMotion } from './imu-source.ts';
import { microphoneSource, type MicrophoneSound } from './microphone.ts';
import { Mpu6050 } from './mpu6050.ts';

/** An emulated MPU-6050 on a breakout board: pull-ups on both wires, INT push-pull. */
export interface ImuOptions {
  readonly motion: ImuMotion;
  /** The controller whose wires it hangs on; which pins those are is the firmware's choice. Default I2C0. */
  readonly i2c?: 0 | 1;
  /** 0x68 or 0x69. */
  readonly address?: number;
  /** GPIO its INT pin is wired to; none by default. */
  readonly interruptPin?: number;
  readonly clockErrorPpm?: number;
  /** False: only the chip's own pull-ups. */
  readonly pulledUp?: boolean;
}

/** An analogue microphone at one of the ADC's inputs. */
export interface MicrophoneOptions extends MicrophoneSound {
  /** 0–3 for GPIO26–29. Default 0. */
  readonly adcInput?: 0 | 1 | 2 | 3;
}

export interface Sensors {
  readonly imu?: ImuOptions;
  readonly microphone?: MicrophoneOptions;
}

/** Before power-on. */
export function attachSensors(pico: EmulatedPico, sensors: Sensors): void {
  if (sensors.imu) attachImu(pico, sensors.imu);
  if (sensors.microphone)
    pico.blocks.analogue.attach(sensors.microphone.adcInput ?? 0, microphoneSource(sensors.microphone));
}

function attachImu(pico: EmulatedPico, options: ImuOptions): void {
  const { interruptPin } = options;
  const part = new Mpu6050({
    source: imuSource(options.motion),
    ...(options.address === undefined ? {} : { address: options.address }),
    ...(options.clockErrorPpm === undefined ? {} : { clockErrorPpm: options.clockErrorPpm }),
    interrupt: (level, us) => {
      if (interruptPin !== undefined) pico.driveInput(interruptPin, level, us);
    },
    changed: () => pico.surroundings.partChanged(),
    unmodelled: (register, value) =>
      pico.stop(
        'sim.fault.unmodelled-sensor',
        { sensor: 'MPU-6050', register: `0x${register.toString(16)}`, value: hex(value) },
        'A register of the emulated MPU-6050, or this use of it, is not in the model.',
        'See docs/emulated-pico.md for what is modelled.',
      ),
  });
  const bus = pico.blocks.i2cBuses[options.i2c ?? 0];
  bus.pulledUp = options.pulledUp ?? true;
  bus.attach(part);
  pico.surroundings.attach(part);
}
