import { barChart } from '../chart/bars.ts';
import { escapeXml as esc } from '../chart/svg.ts';
import type { DistributionDto, StreamResult } from '../contract/stream.ts';
import { reportStyle } from './style.ts';

/** A section of a stream's report: html and md only render it. */
interface Section {
  readonly heading: string;
  readonly text?: string;
  readonly head?: readonly string[];
  readonly rows?: readonly (readonly string[])[];
}

const ms = (us: number) => (us / 1000).toFixed(us < 1e5 ? 2 : 1);
const percent = (x: number | null) => (x === null ? '—' : `${(x * 100).toFixed(1)} %`);
const perHour = (x: number | null) => (x === null ? '—' : String(Number(x.toPrecision(3))));

function timeRow(what: string, d: DistributionDto | null): string[] {
  return d
    ? [what, String(d.n), ...[d.minUs, d.medianUs, d.p90Us, d.p99Us, d.maxUs].map(ms)]
    : [what, '0', '—', '—', '—', '—', '—'];
}

function setUp(r: StreamResult): Section {
  const { plan } = r;
  return {
    heading: 'Set-up',
    head: ['Property', 'Value'],
    rows: [
      ['Model', `${plan.model.name} (${plan.model.sha256.slice(0, 16)})`],
      ['Target', `${r.targetName}, firmware ${r.firmwareHash ?? 'unknown'}, Program ${r.programHash}`],
      ['Source', [`${plan.source.kind}: ${plan.source.name}`, ...plan.source.details].join('; ')],
      [
        'Samples',
        `${plan.sampleKind}, ${plan.channels} × ${plan.sampleRateHz} Hz, ${(r.durationUs / 1e6).toFixed(2)} s`,
      ],
      ['Line', plan.reason],
      ['Window and hop', `${plan.windowSamples} and ${plan.hopSamples} samples`],
      [
        'Detection',
        `mean of ${plan.detection.smoothingWindows} windows ≥ ${plan.detection.threshold}, then ${plan.detection.refractorySamples} samples of rest; never: ${plan.detection.ignored.join(', ') || 'none'}`,
      ],
    ],
  };
}

function integrity(r: StreamResult): Section {
  const c = (name: string) => String(r.counters[name] ?? 0);
  return {
    heading: 'What arrived',
    head: ['Count', 'n'],
    rows: [
      ['Sample frames sent', c('samplesPushed')],
      ['Sample frames lost', `${c('gapSamples')} in ${r.gaps.length} gaps`],
      ['Windows', c('windows')],
      ['equal to the host twin bit for bit', c('windowsEqual')],
      ['different', c('windowsDifferent')],
      ['not comparable (samples unknown)', c('windowsUnknown')],
      ['results lost on the line', c('windowsLost')],
      ['dropped because the device was late', c('windowsDropped')],
    ],
  };
}

function times(r: StreamResult): Section[] {
  const f = r.figures;
  if (!f) return [];
  return [
    {
      heading: 'Times, ms',
      text:
        `Device time over signal time: front end ${percent(f.frontEndDuty)}, inference ${percent(f.inferenceDuty)}, in all ${percent(f.realTimeFactor)}. ` +
        `At most ${f.maxQueuedBytes} bytes waited in the device. Percentiles are by nearest rank.`,
      head: ['Time', 'n', 'least', 'median', '90 %', '99 %', 'most'],
      rows: [
        timeRow('last sample taken → result here', f.latency),
        timeRow('the same of detections', f.detectionLatency),
        timeRow('last sample’s block on the device → result there', f.deviceLatency),
        timeRow('front end a window', f.frontEnd),
        timeRow('inference', f.inference),
      ],
    },
  ];
}

function wakeWordText({ sww01 }: NonNullable<StreamResult['scores']>): string {
  if (!sww01) return '—';
  const verdict = sww01.passes === null ? 'does not apply' : sww01.passes ? 'kept' : 'not kept';
  return `${verdict} (${sww01.reason})`;
}

function words(r: StreamResult): Section[] {
  const w = r.scores?.words;
  if (!w || !r.scores) return [];
  return [
    {
      heading: 'Words',
      text:
        `${w.truePositives} found, ${w.falseNegatives} missed, ${w.falsePositives} false alarms in ${(w.scoredUs / 1e6).toFixed(1)} s ` +
        `(${perHour(w.falsePositivesPerHour)} false alarms an hour). A detection counts for a word from its start until ${w.rule.toleranceUs / 1e6} s after its end; ` +
        `false ones within ${w.rule.mergeUs / 1e6} s are one. Wake-word rule of MLPerf Tiny: ${wakeWordText(r.scores)}.`,
      head: ['Word', 'spoken', 'found', 'false alarms'],
      rows: w.labels.map((l) => [l.label, String(l.words), String(l.found), String(l.falseAlarms)]),
    },
    {
      heading: 'Threshold',
      text: 'The stored outputs detected anew at other thresholds.',
      head: ['Threshold', 'missed', 'miss rate', 'false alarms', 'an hour'],
      rows: r.scores.det.map((p) => [
        p.threshold.toFixed(2),
        String(p.falseNegatives),
        percent(p.missRate),
        String(p.falsePositives),
        perHour(p.falsePositivesPerHour),
      ]),
    },
  ];
}

function segments(r: StreamResult): Section[] {
  const s = r.scores?.segments;
  if (!s) return [];
  return [
    {
      heading: 'Activities',
      text: `${s.correct} of ${s.windows} windows right (${percent(s.accuracy)}); ${s.mixedWindows} across a transition and ${s.excludedWindows} at gaps are not counted. Rows are the truth.`,
      head: ['', ...s.labels, 'precision', 'recall', 'F1'],
      rows: s.confusion.map((row, i) => {
        const c = s.classes[i]!;
        return [
          c.label,
          ...row.map(String),
          percent(c.precision),
          percent(c.recall),
          c.f1?.toFixed(3) ?? '—',
        ];
      }),
    },
  ];
}

function energy({ energy: e }: StreamResult): Section[] {
  if (!e) return [];
  const mj = (uj: number) => (uj / 1000).toPrecision(4);
  return [
    {
      heading: 'Energy',
      text: `${mj(e.energyUj)} mJ in ${(e.durationUs / 1e6).toFixed(2)} s at ${e.supplyV} V, ${e.meanPowerMw.toPrecision(4)} mW on average. ${e.method}`,
      head: ['Part', 'mJ'],
      rows: [
        ['front end', mj(e.frontEndUj)],
        ['inference', mj(e.inferenceUj)],
        ['rest', mj(e.restUj)],
        ['what edges may have put into the wrong part', `± ${mj(e.edgesUj)}`],
        ['front end, of front end and inference', percent(e.frontEndShare)],
      ],
    },
  ];
}

function remarks(r: StreamResult): Section[] {
  const lines = [
    ...(r.scores?.exclusions ?? []).map((e) => `Excluded: ${e}`),
    ...r.notes,
    ...r.assumptions.map((a) => `Assumed: ${a}`),
    ...(r.failure ? [`Ended by ${r.failure.id}: ${r.failure.cause} ${r.failure.next}`] : []),
  ];
  return lines.length ? [{ heading: 'Notes', rows: lines.map((l) => [l]), head: ['Note'] }] : [];
}

function sectionsOf(r: StreamResult): Section[] {
  return [setUp(r), integrity(r), ...times(r), ...words(r), ...segments(r), ...energy(r), ...remarks(r)];
}

const titleOf = (r: StreamResult) => `Stream ${r.streamId}: ${r.plan.model.name} on ${r.targetName}`;
const subtitleOf = (r: StreamResult) => `${r.source}, ${r.status}, begun ${r.startedAt}`;

export function streamMarkdown(r: StreamResult): string {
  const cell = (text: string) => text.replaceAll('|', '\\|').replaceAll('\n', ' ');
  const line = (cells: readonly string[]) => `| ${cells.map(cell).join(' | ')} |`;
  const parts = sectionsOf(r).map((s) =>
    [
      `## ${s.heading}`,
      ...(s.text ? [s.text] : []),
      ...(s.head && s.rows
        ? [[line(s.head), line(s.head.map(() => '---')), ...s.rows.map(line)].join('\n')]
        : []),
    ].join('\n\n'),
  );
  return `# ${titleOf(r)}\n\n${subtitleOf(r)}\n\n${parts.join('\n\n')}\n`;
}

/** Self-contained: style and the one chart inline. */
export function streamHtml(r: StreamResult): string {
  const table = (s: Section) =>
    s.head && s.rows
      ? `<div class="scroll"><table><thead><tr>${s.head.map((h) => `<th>${esc(h)}</th>`).join('')}</tr></thead><tbody>${s.rows
          .map((row) => `<tr>${row.map((c) => `<td>${esc(c)}</td>`).join('')}</tr>`)
          .join('')}</tbody></table></div>`
      : '';
  const sections = sectionsOf(r).map(
    (s) => `<section><h2>${esc(s.heading)}</h2>${s.text ? `<p>${esc(s.text)}</p>` : ''}${table(s)}</section>`,
  );
  const title = esc(titleOf(r));
  return (
    `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${title}</title><style>${reportStyle}</style></head>` +
    `<body><h1>${title}</h1><p class="muted">${esc(subtitleOf(r))}</p>${missChart(r)}${sections.join('')}</body></html>\n`
  );
}

function missChart(r: StreamResult): string {
  const labels = r.scores?.words?.labels ?? [];
  if (labels.length === 0) return '';
  return `<figure>${barChart({
    title: 'Words found',
    axis: 'found, %',
    bars: labels
      .filter((l) => l.words > 0)
      .map((l) => ({
        label: l.label,
        value: (100 * l.found) / l.words,
        caption: `${l.found} of ${l.words}`,
      })),
  })}</figure>`;
}

export function streamJson(r: StreamResult): string {
  return `${JSON.stringify(r, null, 1)}\n`;
}
