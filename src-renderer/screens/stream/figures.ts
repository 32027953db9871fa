import type { DistributionDto, StreamResult } from '../../../src-main/contract/index.ts';
import { timeText } from '../../charts/stream/stream-view.ts';

export interface Figure {
  readonly name: string;
  readonly value: string;
  /** What else is known of it. */
  readonly note: string;
  /** Worth a second look. */
  readonly warn?: boolean;
}

/** Of fewer windows the 99th percentile is nothing but the worst. */
const P99_FROM = 100;

const ms = (us: number): string => `${(us / 1000).toFixed(us < 100_000 ? 1 : 0)} ms`;
const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;

function distribution(name: string, d: DistributionDto | null): Figure[] {
  if (!d) return [];
  const note =
    ms(d.minUs) === ms(d.maxUs)
      ? `of each of ${d.n} windows`
      : `median of ${d.n} windows; ${d.n < P99_FROM ? '' : `99 % below ${ms(d.p99Us)}, `}at most ${ms(d.maxUs)}`;
  return [{ name, value: ms(d.medianUs), note: `last sample taken → answer here, ${note}` }];
}

/** The figures of a stream run in the order in which one asks for them. */
export function figuresOf(result: StreamResult): Figure[] {
  const { figures, scores, counters, energy } = result;
  const lost = counters.gapSamples ?? 0;
  const dropped = result.dropped.length;
  return [
    ...distribution('Latency', figures?.latency ?? null),
    ...(figures
      ? [
          {
            name: 'Device busy',
            value: percent(figures.realTimeFactor),
            note: `front end ${percent(figures.frontEndDuty)}, inference ${percent(figures.inferenceDuty)}`,
            warn: figures.realTimeFactor >= 1,
          },
        ]
      : []),
    ...agreement(result),
    {
      name: 'Lost',
      value: lost === 0 && dropped === 0 ? 'nothing' : `${lost} samples`,
      note:
        dropped === 0
          ? `of ${timeText(result.durationUs, 1e5)} of stream`
          : `${dropped} windows left out by the device`,
      warn: lost > 0 || dropped > 0,
    },
    ...(scores?.words
      ? [
          {
            name: 'Words found',
            value: `${scores.words.truePositives} of ${scores.words.truePositives + scores.words.falseNegatives}`,
            note: `${scores.words.falsePositives} false alarms; truth: ${scores.truthOrigin ?? ''}`,
          },
        ]
      : []),
    ...(scores?.segments?.accuracy != null
      ? [
          {
            name: 'Windows right',
            value: `${scores.segments.correct} of ${scores.segments.windows}`,
            note: `${percent(scores.segments.accuracy)}; ${scores.segments.mixedWindows} across a change not counted`,
          },
        ]
      : []),
    ...(energy
      ? [
          {
            name: 'Mean power',
            // a monitor's gain is known to some percent: a third digit would say more than it knows
            value: `${Number(energy.meanPowerMw.toPrecision(2))} mW`,
            note: `at ${energy.supplyV} V; front end ${energy.frontEndShare === null ? '—' : percent(energy.frontEndShare)} of the energy of front end and inference`,
          },
        ]
      : []),
  ];
}

function agreement({ counters }: StreamResult): Figure[] {
  const equal = counters.windowsEqual ?? 0;
  const different = counters.windowsDifferent ?? 0;
  if (equal + different === 0) return [];
  return [
    {
      name: 'Device = host',
      value: `${equal} of ${equal + different} windows`,
      note:
        different === 0 ? 'bit for bit' : `${different} differ: the device did not compute what was expected`,
      warn: different > 0,
    },
  ];
}
