import { formatCount } from '../../../src-main/base/units.ts';
import { formatWithUncertainty, uncertaintyPlace } from '../../../src-main/base/statistics.ts';
import { formatSignedPercent } from '../../../src-main/contract/format-quantity.ts';
import type { TraceComparison, TraceInfo, TraceStatistics } from '../../../src-main/contract/trace.ts';
import { siPrefix, siText } from '../../charts/trace/value-axis.ts';
import { clockTime, durationText } from '../../charts/trace/time-axis.ts';

export interface Figure {
  readonly name: string;
  /** Never finer than its uncertainty. */
  readonly value: string;
  /** One standard error; '' where there is none to state. */
  readonly statistical: string;
  /** A bound of the monitor's own error. */
  readonly systematic: string;
  /** What it is made of, in plain words. */
  readonly origin: string;
}

/** `12.41` of a value and what it is uncertain by, in the prefix of the value. */
function scaled(value: number, uncertainties: readonly number[], unit: string) {
  const { factor, prefix } = siPrefix(value);
  const total = Math.hypot(...uncertainties.map((u) => u * factor));
  const text =
    total > 0 ? formatWithUncertainty(value * factor, total).split(' ± ')[0]! : siText(value, unit, 4);
  // one that is a thousand times smaller than its value has a prefix of its own: ± 0.8 nA, not ± 0.0000008 mA
  const half = (u: number) => {
    const own = u * factor >= 0.01 ? { factor, prefix } : siPrefix(u);
    return u > 0
      ? `± ${formatWithUncertainty(u * own.factor, u * own.factor).split(' ± ')[0]!} ${own.prefix}${unit}`
      : '';
  };
  return { value: total > 0 ? `${text} ${prefix}${unit}` : text, half };
}

/** Everything that can be said of a span, each number with its digits and where it comes from. */
export function figuresOf(s: TraceStatistics, info: TraceInfo): readonly Figure[] {
  const mean = scaled(s.meanA, [s.statisticalA, s.systematicA ?? 0], 'A');
  const samples = Math.round(s.toSample - s.fromSample - s.missingSamples);
  const plain = (name: string, value: string, origin: string): Figure => ({
    name,
    value,
    statistical: '',
    systematic: '',
    origin,
  });
  const charge = scaled(s.chargeC, [s.statisticalA * s.durationS, (s.systematicA ?? 0) * s.durationS], 'C');
  const figures: Figure[] = [
    plain('Duration', durationText(s.durationS, info.sampleRateHz), 'sample periods between the two ends'),
    {
      name: 'Mean',
      value: mean.value,
      statistical: mean.half(s.statisticalA),
      systematic: s.systematicA === null ? 'unknown: the monitor states no bounds' : mean.half(s.systematicA),
      origin: `${formatCount(samples)} samples`,
    },
    plain('Least', siText(s.minA, 'A'), 'least sample'),
    plain('Greatest', siText(s.maxA, 'A'), 'greatest sample'),
    plain('Std', siText(s.stdA, 'A'), 'of the samples about their mean'),
    {
      name: 'Charge',
      value: charge.value,
      statistical: charge.half(s.statisticalA * s.durationS),
      systematic: s.systematicA === null ? '' : charge.half(s.systematicA * s.durationS),
      origin: 'sum of the samples times the sample period',
    },
  ];
  if (s.energy) {
    const { joules, statisticalJ, systematicJ } = s.energy;
    const energy = scaled(joules, [statisticalJ, systematicJ], 'J');
    figures.push({
      name: 'Energy',
      value: energy.value,
      statistical: energy.half(statisticalJ),
      systematic: energy.half(systematicJ),
      origin: `charge times supply; bounds: ${partsText(s.energy.systematic)}`,
    });
  } else
    figures.push(plain('Energy', '—', s.noEnergy ? `${s.noEnergy.cause} ${s.noEnergy.next}` : 'no supply'));
  if (s.missingSamples > 0)
    figures.push(
      plain(
        'Missing',
        formatCount(s.missingSamples),
        `${(s.coverage * 100).toFixed(s.coverage > 0.999 ? 4 : 2)} % of the span is there`,
      ),
    );
  return figures;
}

function partsText(parts: Readonly<Record<string, number>>): string {
  return Object.entries(parts)
    .filter(([, j]) => j > 0)
    .sort(([, a], [, b]) => b - a)
    .map(([cause, j]) => `${cause.replace(/J$/, '')} ${siText(j, 'J', 2)}`)
    .join(', ');
}

/** The span in a sentence, for those who cannot see the picture. */
export function summaryOf(
  info: TraceInfo,
  selection: { readonly from: number; readonly to: number; readonly marked: boolean },
  s: TraceStatistics | null,
): string {
  const at = (sample: number) => clockTime(sample / info.sampleRateHz, 1e-4, info.durationS);
  const where = `${selection.marked ? 'Between the markers' : 'In view'}: ${at(selection.from)} to ${at(selection.to)} of ${durationText(info.durationS, info.sampleRateHz)}.`;
  if (!s) return where;
  const [, mean, least, greatest] = figuresOf(s, info);
  const energy = figuresOf(s, info).find((f) => f.name === 'Energy')!;
  const missing = s.missingSamples > 0 ? ` ${Math.round(s.missingSamples)} samples are missing.` : '';
  return `${where} Mean ${mean!.value}, from ${least!.value} to ${greatest!.value}. Energy ${energy.value}.${missing}`;
}

type ComparedValue = TraceComparison['figures'][number]['a'];

/** A compared value with what it is uncertain by. */
export function comparedText(v: ComparedValue, unit: string): string {
  if (unit === 's') return durationText(v.value, 1e6);
  const text = scaled(v.value, [v.statistical ?? 0, v.systematic ?? 0], unit);
  return [text.value, text.half(v.statistical ?? 0)].filter(Boolean).join(' ');
}

/** A change of b against a, no finer than what the two are uncertain by. */
export function changeText(a: ComparedValue, b: ComparedValue, change: number): string {
  const relative = (v: ComparedValue) =>
    v.value === 0 ? 0 : Math.hypot(v.statistical ?? 0, v.systematic ?? 0) / Math.abs(v.value);
  const percent = Math.hypot(relative(a), relative(b)) * Math.abs(1 + change) * 100;
  return formatSignedPercent(change, Math.min(3, Math.max(0, percent > 0 ? -uncertaintyPlace(percent) : 2)));
}
