import type { DistributionDto, StreamResult, StreamRunEvent, StreamScores } from '../../contract/index.ts';
import { failureLines, table, type Output } from './output.ts';

const LEVEL_CELLS = 12;
const QUIETEST_DBFS = -60;
const LIVE_MS = 100;

/** A level as a bar: empty at −60 dBFS, full at 0. */
export function levelBar(levelDbfs: number | null): string {
  const share = levelDbfs === null ? 0 : Math.max(0, Math.min(1, 1 - levelDbfs / QUIETEST_DBFS));
  const full = Math.round(share * LEVEL_CELLS);
  return `${'▮'.repeat(full)}${'▯'.repeat(LEVEL_CELLS - full)}`;
}

const ms = (us: number) => `${(us / 1000).toFixed(us < 100_000 ? 1 : 0)} ms`;
const s = (us: number) => `${(us / 1e6).toFixed(2)} s`;

function beginText({ streamId, plan }: Extract<StreamRunEvent, { type: 'started' }>): string {
  const { source, model, targetId, reason } = plan;
  const details = source.details.length > 0 ? ` (${source.details.join(', ')})` : '';
  return `stream ${streamId}: ${source.name}${details} → ${model.name} on ${targetId}\n${reason}`;
}

/** Shows a stream's events as they come: one line that is redrawn on a terminal, plain lines for what matters elsewhere. */
export function watchStream(output: Output, isTty: boolean): (event: StreamRunEvent) => void {
  let classes: readonly string[] = [];
  let top = '';
  let latency = '';
  let drawnMs = -LIVE_MS;
  // of a model whose classes hold on, and are never detected, each change is said
  let detects = true;
  let said = -1;
  let sampleRateHz = 1;
  return (event) => {
    switch (event.type) {
      case 'started':
        ({ classes, sampleRateHz } = event.plan);
        detects = event.plan.detection.ignored.length < classes.length;
        return output.note(beginText(event));
      case 'window': {
        const { window } = event;
        top = `${classes[window.topClass] ?? ''} ${(window.topScore * 100).toFixed(0)} %`;
        latency = ms(window.latencyUs);
        if (detects || window.topClass === said) return;
        said = window.topClass;
        return output.note(
          `${s(((window.lastSample + 1) * 1e6) / sampleRateHz + window.latencyUs).padStart(10)}  ${top}`,
        );
      }
      case 'detection': {
        const { detection } = event;
        return output.note(
          `${s(detection.atUs).padStart(10)}  ${detection.label}  ${(detection.score * 100).toFixed(0)} %`,
        );
      }
      case 'gap':
        return output.note(
          `gap: ${event.gap.sampleCount} samples from ${event.gap.firstSample} on (${event.gap.cause})`,
        );
      case 'warning':
        return output.note(`warning ${failureLines(event.failure)}`);
      case 'progress': {
        if (!isTty || performance.now() - drawnMs < LIVE_MS) return;
        drawnMs = performance.now();
        const share = event.durationUs === null ? null : event.streamedUs / event.durationUs;
        const drops = event.lostSamples + event.droppedWindows;
        return output.progress(
          [
            s(event.streamedUs),
            levelBar(event.levelDbfs),
            top.padEnd(16),
            latency,
            drops > 0 ? `lost ${event.lostSamples} samples, ${event.droppedWindows} windows` : '',
          ]
            .filter(Boolean)
            .join('  '),
          share,
          null,
        );
      }
      case 'ended':
        return output.endProgress();
    }
  };
}

function distributionText(d: DistributionDto | null): string {
  if (!d) return '–';
  return d.minUs === d.maxUs
    ? `${ms(d.minUs)} (all ${d.n})`
    : `median ${ms(d.medianUs)}, 90 % ${ms(d.p90Us)}, 99 % ${ms(d.p99Us)}, most ${ms(d.maxUs)} (n = ${d.n})`;
}

const percent = (x: number | null) => (x === null ? '–' : `${(x * 100).toFixed(1)} %`);
const rate = (x: number | null) => (x === null ? '–' : `${Number(x.toPrecision(3))} /h`);

function wordLines(scores: StreamScores): string[] {
  const { words, sww01, detectionDelay } = scores;
  if (!words) return [];
  const lines = [
    `words: ${words.truePositives} found, ${words.falseNegatives} missed, ${words.falsePositives} false alarms in ${s(words.scoredUs)}`,
    `rates: ${rate(words.truePositivesPerHour)} found, ${rate(words.falsePositivesPerHour)} false alarms`,
    `from the end of the word to its detection: ${detectionDelay ? `median ${ms(detectionDelay.medianUs)}, ${ms(detectionDelay.minUs)} … ${ms(detectionDelay.maxUs)}` : '–'}`,
  ];
  if (sww01)
    lines.push(
      `wake-word rule: ${sww01.passes === null ? 'does not apply' : sww01.passes ? 'kept' : 'not kept'} (${sww01.reason})`,
    );
  const det = scores.det.filter((p) => p.missRate !== null);
  if (det.length > 0)
    lines.push(
      '',
      table(
        ['threshold', 'missed', 'miss rate', 'false alarms', 'an hour'],
        det.map((p) => [
          p.threshold.toFixed(2),
          String(p.falseNegatives),
          percent(p.missRate),
          String(p.falsePositives),
          rate(p.falsePositivesPerHour),
        ]),
        [0, 1, 2, 3, 4],
      ),
    );
  return lines;
}

function segmentLines({ segments }: StreamScores): string[] {
  if (!segments) return [];
  return [
    `windows: ${segments.correct} of ${segments.windows} right (${percent(segments.accuracy)}), macro F1 ${segments.macroF1?.toFixed(3) ?? '–'}; ${segments.mixedWindows} across a transition and ${segments.excludedWindows} at gaps not counted`,
    '',
    table(
      ['true \\ said', ...segments.labels, 'recall'],
      segments.confusion.map((row, i) => [
        segments.labels[i]!,
        ...row.map(String),
        percent(segments.classes[i]!.recall),
      ]),
      [...segments.labels.map((_, i) => i + 1), segments.labels.length + 1],
    ),
  ];
}

export function scoresText(scores: StreamScores): string {
  if (scores.truthOrigin === null) return 'no ground truth: nothing is scored (say it with --truth)';
  return [
    `ground truth: ${scores.truthOrigin}`,
    ...wordLines(scores),
    ...segmentLines(scores),
    ...scores.exclusions.map((e) => `excluded: ${e}`),
  ].join('\n');
}

/** The result for a terminal. */
export function streamText(r: StreamResult): string {
  const { plan, figures, counters, energy } = r;
  const windows = counters.windows ?? 0;
  const lines = [
    `stream ${r.streamId}: ${plan.model.name} on ${r.targetName} (${r.source}), ${r.status}`,
    `${plan.source.name}: ${s(r.durationUs)} at ${plan.sampleRateHz} Hz, window ${s((plan.windowSamples * 1e6) / plan.sampleRateHz)}, hop ${ms((plan.hopSamples * 1e6) / plan.sampleRateHz)}, front end on the ${plan.frontEnd}`,
    `${windows} windows, ${counters.windowsEqual ?? 0} equal to the host twin bit for bit, ${counters.windowsDifferent ?? 0} different, ${counters.windowsUnknown ?? 0} not comparable, ${counters.windowsLost ?? 0} lost, ${counters.windowsDropped ?? 0} dropped`,
    `${counters.samplesPushed ?? 0} samples, ${counters.gapSamples ?? 0} lost in ${r.gaps.length} gaps, ${counters.underruns ?? 0} underruns, ${counters.overruns ?? 0} bytes overrun`,
  ];
  if (figures)
    lines.push(
      `sample in → answer out: ${distributionText(figures.latency)}`,
      `front end a window: ${distributionText(figures.frontEnd)}; inference: ${distributionText(figures.inference)}`,
      `duty cycle: front end ${percent(figures.frontEndDuty)}, inference ${percent(figures.inferenceDuty)}, in all ${percent(figures.realTimeFactor)} of real time; queue at most ${figures.maxQueuedBytes} bytes`,
    );
  if (energy)
    lines.push(
      `energy: ${(energy.energyUj / 1e3).toPrecision(4)} mJ, ${energy.meanPowerMw.toPrecision(4)} mW; front end ${percent(energy.frontEndShare)} of what front end and inference took`,
    );
  if (r.scores) lines.push(scoresText(r.scores));
  lines.push(...r.notes.map((n) => `note: ${n}`));
  if (r.recording) lines.push(`recorded in ${r.recording}`);
  if (r.failure) lines.push(`ended by ${failureLines(r.failure)}`);
  return lines.join('\n');
}
