import { fail, ok, type Result } from '../base/errors.ts';

/** A figure with half the width of its interval. */
export interface PlusMinus {
  readonly value: number;
  readonly plusMinus: number;
}

export interface Battery {
  readonly capacityMah: number;
  /** Mean voltage over the discharge. */
  readonly volts: number;
  /** Share of the battery's energy that reaches the board: converter, self-discharge, cut-off. */
  readonly efficiency: number;
}

/** What is done again and again, and how often. */
export interface Activity {
  readonly name: string;
  readonly energyUj: PlusMinus;
  readonly durationUs: number;
  readonly perHour: number;
}

export interface BatteryLife {
  readonly hours: number;
  /** From the highest and the lowest mean power: bounds, all errors on one side at once. */
  readonly lowHours: number;
  readonly highHours: number;
  readonly meanPowerUw: PlusMinus;
  /** Share of the time in each activity, and of the energy. */
  readonly shares: readonly { readonly name: string; readonly time: number; readonly energy: number }[];
}

const HOUR_US = 3.6e9;

/**
 * mAh · V · η / P̄ of a duty cycle: activities at their rates, sleep in between. `predict.battery-input` where a figure
 * is not positive, `predict.duty-cycle` where the activities take more than all the time.
 */
export function batteryLife(
  battery: Battery,
  activities: readonly Activity[],
  sleepUw: PlusMinus,
): Result<BatteryLife> {
  const { capacityMah, volts, efficiency } = battery;
  if (!(capacityMah > 0 && volts > 0 && efficiency > 0 && efficiency <= 1 && sleepUw.value >= 0))
    return fail(
      'predict.battery-input',
      { capacityMah, volts, efficiency, sleepUw: sleepUw.value },
      'Capacity and voltage must be above 0, the efficiency above 0 and at most 1, the sleep power not below 0.',
      'Take capacity and voltage from the data sheet of the battery.',
    );
  const busy = activities.reduce((sum, a) => sum + (a.durationUs * a.perHour) / HOUR_US, 0);
  if (busy > 1)
    return fail(
      'predict.duty-cycle',
      { busy: Number(busy.toPrecision(3)) },
      'The activities take more time than there is.',
      'Do them less often.',
    );
  // µJ/h → µW
  const powerOf = (a: Activity) => (a.energyUj.value * a.perHour) / 3600;
  const asleepUw = sleepUw.value * (1 - busy);
  const meanUw = activities.reduce((sum, a) => sum + powerOf(a), asleepUw);
  const plusMinus = activities.reduce(
    (sum, a) => sum + (a.energyUj.plusMinus * a.perHour) / 3600,
    sleepUw.plusMinus * (1 - busy),
  );
  if (!(meanUw > 0))
    return fail(
      'predict.battery-input',
      { meanPowerUw: meanUw },
      'Nothing draws any power: the battery would last for ever.',
      'Give a sleep power, or an activity with an energy.',
    );
  const availableUwh = capacityMah * volts * efficiency * 1000;
  const lowUw = meanUw - plusMinus;
  return ok({
    hours: availableUwh / meanUw,
    lowHours: availableUwh / (meanUw + plusMinus),
    highHours: lowUw > 0 ? availableUwh / lowUw : Infinity,
    meanPowerUw: { value: meanUw, plusMinus },
    shares: [
      ...activities.map((a) => ({
        name: a.name,
        time: (a.durationUs * a.perHour) / HOUR_US,
        energy: powerOf(a) / meanUw,
      })),
      { name: 'sleep', time: 1 - busy, energy: asleepUw / meanUw },
    ],
  });
}
