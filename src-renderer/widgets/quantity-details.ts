import { formatQuantity } from '../../src-main/contract/format-quantity.ts';
import type { Quantity } from '../../src-main/contract/quantity.ts';
import { sourceTexts } from './source-texts.ts';

export interface Detail {
  readonly label: string;
  readonly text: string;
}

const methods: Record<Quantity['interval']['method'], string> = {
  t: 't interval on the window means',
  wilson: 'Wilson score interval',
  bootstrap: 'bootstrap interval',
  prediction: 'prediction interval',
  deterministic: 'deterministic: all repetitions were identical',
  samples: 'noise of the samples of the only window',
  none: 'too few repetitions for an interval',
};

const significant = (x: number): string => String(Number(x.toPrecision(2)));

/** Where a number came from, as rows for people. Bounds and parts are in the quantity's own unit. */
export function quantityDetails(q: Quantity): Detail[] {
  const text = formatQuantity(q);
  const { derivedFrom: from, interval, systematic } = q;
  const rows: (Detail | null)[] = [
    { label: 'Value', text: text.value },
    { label: 'Source', text: `${q.source}. ${sourceTexts[q.source]}` },
    { label: 'Repetitions', text: String(q.n) },
    {
      label: 'Statistical',
      text: [text.statistical === 'deterministic' ? '' : text.statistical, methods[interval.method]]
        .filter(Boolean)
        .join(', '),
    },
    systematic && {
      label: 'Systematic',
      text:
        `${text.systematic || 'none'}; parts added ${systematic.combined === 'linear' ? 'linearly (a bound)' : 'in quadrature'}: ` +
        (systematic.parts
          .map((p) => `${p.cause} ± ${significant(p.plusMinus)} ${q.unit} (${p.basis})`)
          .join('; ') || 'none'),
    },
    from.formula ? { label: 'Formula', text: from.formula } : null,
    from.runId === null ? null : { label: 'Run', text: `run ${from.runId}${windowsText(from.windows)}` },
    from.monitor && {
      label: 'Monitor',
      text: `${from.monitor.kind} ${from.monitor.serial}, calibration ${from.monitor.calibration}`,
    },
    hashRow('Firmware', from.firmwareHash),
    hashRow('Program', from.programHash),
    hashRow('Model', from.modelSha256),
    from.traceIds.length > 0 ? { label: 'Traces', text: from.traceIds.join(', ') } : null,
    from.assumptions.length > 0 ? { label: 'Assumed', text: from.assumptions.join('; ') } : null,
  ];
  return rows.filter((r): r is Detail => r !== null);
}

function windowsText(windows: readonly number[]): string {
  return windows.length > 0 ? `, windows ${windows.map((w) => w + 1).join(', ')}` : '';
}

function hashRow(label: string, hash: string | null): Detail | null {
  return hash === null ? null : { label, text: hash.slice(0, 16) };
}
