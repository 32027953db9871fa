import { fail, ok } from '../../../base/errors.ts';
import type { BatteryAnswer, BatteryRequest } from '../../../core/battery.ts';
import type { Amount } from '../arguments.ts';
import type { CommandContext } from '../context.ts';
import { table } from '../output.ts';
import { joules, seconds, watts } from '../trace-text.ts';
import { spanOf, withCore, type SpanOptions } from './trace.ts';

export interface BatteryOptions extends SpanOptions {
  readonly capacity: number;
  readonly volts: number;
  readonly efficiency: number;
  readonly sleep: Amount;
  readonly sleepTolerance: number;
  readonly run?: readonly number[];
  readonly trace?: string;
  readonly every?: readonly number[];
}

const HOURS_A_DAY = 24;
const HOURS_A_YEAR = 8766;

export function battery(o: BatteryOptions, context: CommandContext): Promise<number> {
  return withCore(context, (core) => {
    const runs = o.run ?? [];
    const every = o.every ?? [];
    const activities = runs.length + (o.trace === undefined ? 0 : 1);
    if (activities > 0 && every.length !== 1 && every.length !== activities)
      return fail(
        'cli.every',
        { activities, every: every.length },
        'Every activity needs to know how often it is done.',
        'Give --every once for all of them, or once for each: the runs in their order, then the trace.',
      );
    const everyS = (k: number) => every[k] ?? every[0]!;
    const span = o.trace === undefined ? null : spanOf(core, o.trace, o);
    if (span && !span.ok) return span;
    const sleepUw = o.sleep.unit === 'W' ? o.sleep.value * 1e6 : o.sleep.value * 1e6 * o.volts;
    const request: BatteryRequest = {
      battery: { capacityMah: o.capacity, volts: o.volts, efficiency: o.efficiency },
      sleepUw: { value: sleepUw, plusMinus: (sleepUw * o.sleepTolerance) / 100 },
      runs: runs.map((runId, k) => ({ runId, everyS: everyS(k) })),
      spans: span ? [{ ...span.value.span, everyS: everyS(runs.length) }] : [],
    };
    const answer = core.battery(request);
    if (!answer.ok) return answer;
    context.output.result(answer.value, () => batteryText(answer.value));
    return ok();
  });
}

function batteryText(b: BatteryAnswer): string {
  const rows = b.shares.map((share, k) => {
    const activity = b.activities[k];
    return [
      share.name,
      activity
        ? `${joules(activity.energyUj.value * 1e-6)} ± ${joules(activity.energyUj.plusMinus * 1e-6, 2)}`
        : '',
      activity ? seconds(3600 / activity.perHour) : '',
      `${(share.time * 100).toPrecision(3)} %`,
      `${(share.energy * 100).toPrecision(3)} %`,
    ];
  });
  const { value, plusMinus } = b.meanPowerUw;
  return [
    `${life(b.hours)}, between ${life(b.lowHours)} and ${life(b.highHours)}`,
    `mean power ${watts(value * 1e-6)} ± ${watts(plusMinus * 1e-6, 2)}`,
    '',
    table(['', 'energy', 'every', 'of the time', 'of the energy'], rows, [3, 4]),
    ...(b.notes.length > 0 ? ['', ...b.notes] : []),
  ].join('\n');
}

function life(hours: number): string {
  if (!Number.isFinite(hours)) return 'no end';
  if (hours >= 2 * HOURS_A_YEAR) return `${(hours / HOURS_A_YEAR).toPrecision(3)} years`;
  if (hours >= 2 * HOURS_A_DAY) return `${(hours / HOURS_A_DAY).toPrecision(3)} days`;
  return `${hours.toPrecision(3)} h`;
}
