import type { CodeProfile } from '../contract/code-profile.ts';
import type { RunComparison } from '../contract/comparison.ts';
import type { RunResult } from '../contract/result.ts';
import type { Source } from '../contract/quantity.ts';
import { INSTRUCTIONS_ONLY } from '../contract/profile.ts';
import { compareRuns } from './comparison.ts';

/** The current over one energy window, already reduced to at most one pair a pixel. */
export interface PowerTrace {
  readonly runId: number;
  readonly fromS: number;
  readonly toS: number;
  readonly minMa: readonly number[];
  readonly maxMa: readonly number[];
  readonly regions: readonly { readonly from: number; readonly to: number; readonly label: string }[];
}

/** Where the cycles of one run's inference went. */
export interface RunCodeProfile {
  readonly runId: number;
  readonly profile: CodeProfile;
}

/** Key → value pairs as MLPerf Tiny's system description asks for them. */
export type SystemDescription = readonly (readonly [string, string])[];

/** All that a report says; html, json and md only render it. */
export interface ReportModel {
  readonly format: 1;
  readonly title: string;
  readonly generator: string;
  readonly system: SystemDescription;
  readonly runs: readonly RunResult[];
  /** Number of the run among them that the others are compared with. */
  readonly baseline: number | null;
  /** Of every run but the baseline itself; empty without one. */
  readonly comparisons: readonly RunComparison[];
  readonly powerTraces: readonly PowerTrace[];
  readonly codeProfiles: readonly RunCodeProfile[];
  readonly sources: readonly Source[];
  readonly method: readonly MethodParagraph[];
}

export interface MethodParagraph {
  readonly heading: string;
  readonly text: string;
}

export interface ReportInput {
  readonly generator: string;
  readonly system: SystemDescription;
  readonly runs: readonly RunResult[];
  /** Number of one of the runs. */
  readonly baseline?: number | null;
  readonly powerTraces?: readonly PowerTrace[];
  readonly codeProfiles?: readonly RunCodeProfile[];
}

/** Builds the report of one or more runs of one model. Order: performance, energy, accuracy, then by start. */
export function buildReport(input: ReportInput): ReportModel {
  const order = { performance: 0, energy: 1, accuracy: 2 } as const;
  const runs = [...input.runs].sort((a, b) => order[a.plan.mode] - order[b.plan.mode] || a.runId - b.runId);
  const baseline = runs.find((r) => r.runId === input.baseline) ?? null;
  const names = [...new Set(runs.map((r) => r.plan.model.name))];
  const targets = [...new Set(runs.map((r) => r.targetName))];
  return {
    format: 1,
    title: `${names.join(', ')} on ${targets.join(', ')}`,
    generator: input.generator,
    system: input.system,
    runs,
    baseline: baseline?.runId ?? null,
    comparisons: baseline
      ? runs.filter((r) => r.runId !== baseline.runId).map((r) => compareRuns(baseline, r))
      : [],
    powerTraces: input.powerTraces ?? [],
    codeProfiles: input.codeProfiles ?? [],
    sources: [...new Set(runs.map((r) => r.source))],
    method: methodOf(runs),
  };
}

function countsInstructions({ profile, notes }: RunResult): boolean {
  return profile?.unit === 'instructions' || notes.includes(INSTRUCTIONS_ONLY);
}

function clockText(run: RunResult): string {
  const { identity } = run;
  if (countsInstructions(run)) return 'instructions are counted, there is no clock';
  return `clock ${identity?.clockHz ? `${identity.clockHz / 1e6} MHz` : 'not stated'}`;
}

function methodOf(runs: readonly RunResult[]): MethodParagraph[] {
  const first = (mode: string) => runs.find((r) => r.plan.mode === mode);
  const out: MethodParagraph[] = [];
  const any = runs[0];
  if (any?.identity)
    out.push({
      heading: 'Device',
      text:
        `${any.targetName}, firmware ${any.identity.firmwareHash ?? 'of another maker'}, Program ${any.identity.programHash ?? 'unknown'}, ` +
        `${clockText(any)}. One image serves all modes; ` +
        'performance or energy mode is one word of its configuration block.',
    });
  const counting = runs.filter(countsInstructions);
  const timed = runs.filter((r) => !countsInstructions(r));
  if (counting.length > 0)
    out.push({
      heading: 'Instructions',
      text:
        'The board runs in QEMU with -icount shift=0: what is counted are the instructions of each operator in one inference, and every instruction counts ' +
        'one whatever it takes on silicon. There is no latency and no energy.',
    });
  const performance = timed.find((r) => r.plan.mode === 'performance');
  if (performance)
    out.push({
      heading: 'Latency',
      text:
        `Each window times N back-to-back inferences of one input after ${performance.plan.warmUp} warm-up inferences, with N tuned for at least ` +
        `${performance.plan.windowS} s. Latency is (B − A)/N from the device's own µs timer, wraps handled. The score is the median of the windows; ` +
        'the interval is a t interval on the window means, and where every repetition is identical the word is "deterministic".',
    });
  const energy = first('energy');
  if (energy)
    out.push({
      heading: 'Energy',
      text:
        `${energy.monitor ? `${energy.monitor.kind} ${energy.monitor.serial} (calibration ${energy.monitor.calibration}, ${energy.monitor.sampleRateHz / 1000} kS/s)` : 'The monitor'} ` +
        `at ${energy.plan.supplyV} V. A window lies between the edges of the sync pin; a sample is constant over its period and counts in part at the ` +
        'ends. Energy is gross; net subtracts the mean current of the idle second before the window. Statistical and systematic parts ' +
        '(monitor gain and offset, spike filter, supply voltage, sample period, lost samples) are kept apart.',
    });
  const accuracy = first('accuracy');
  if (accuracy)
    out.push({
      heading: 'Accuracy',
      text:
        `${accuracy.accuracy?.items ?? accuracy.items.length} items, one inference each without warm-up, on the image of the performance run. ` +
        (accuracy.plan.scoring === 'top1'
          ? 'Top-1 with a Wilson 95 % interval.'
          : 'Area under the ROC curve of the mean window score a file.'),
    });
  out.push({
    heading: 'Trust',
    text:
      'Raw output bytes of the device are compared with the host twin, the same engine compiled to WebAssembly. Because both share their C sources, ' +
      'this proves the deployment; the kernels are proven by vectors of TensorFlow Lite Micro, and a Program counts as checked against it only when a record of that comparison exists.',
  });
  if (timed.some((r) => r.source === 'emulated'))
    out.push({
      heading: 'Emulated',
      text:
        'The board and monitor of this report are simulated: the cycles are those of a Cortex-M0+ whose flash waits follow a model of the XIP cache, and the current follows an assumed ' +
        'model of the RP2040. They show the method at work; they are no statement about silicon.',
    });
  return out;
}
