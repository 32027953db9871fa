import type {
  BenchmarkId,
  Mode,
  RuleCheck,
  RunPlan,
  Scoring,
  Validity,
  WindowResult,
} from '../contract/index.ts';

/** MLPerf Tiny 1.2 run rules and submission checker 1.4 (PROTOCOLS §2). */
export const MIN_WINDOW_S = 10;
export const WINDOWS = 5;

export interface BenchmarkRules {
  readonly id: BenchmarkId;
  /** Files of the whole data set; ad01 also has the 72 of y_labels_alt.csv. */
  readonly files: readonly number[];
  readonly classes: number;
  /** Values of the model's output; ad01 is an autoencoder. */
  readonly outputs: number;
  readonly scoring: Scoring;
  /** Closed division, as a fraction or AUC. */
  readonly threshold: number;
  readonly inputBytes: number;
  /** ad01 slides a window over each file. */
  readonly strideBytes: number | null;
  readonly usualInferences: number;
  readonly usualWarmUp: number;
}

const rules: readonly BenchmarkRules[] = [
  {
    id: 'kws01',
    files: [1000],
    classes: 12,
    outputs: 12,
    scoring: 'top1',
    threshold: 0.9,
    inputBytes: 490,
    strideBytes: null,
    usualInferences: 70,
    usualWarmUp: 10,
  },
  {
    id: 'vww01',
    files: [1000],
    classes: 2,
    outputs: 2,
    scoring: 'top1',
    threshold: 0.8,
    inputBytes: 27648,
    strideBytes: null,
    usualInferences: 20,
    usualWarmUp: 5,
  },
  {
    id: 'ic01',
    files: [200],
    classes: 10,
    outputs: 10,
    scoring: 'top1',
    threshold: 0.85,
    inputBytes: 3072,
    strideBytes: null,
    usualInferences: 20,
    usualWarmUp: 5,
  },
  {
    id: 'ad01',
    files: [248, 72],
    classes: 2,
    outputs: 640,
    scoring: 'auc',
    threshold: 0.85,
    inputBytes: 2560,
    strideBytes: 512,
    usualInferences: 1500,
    usualWarmUp: 10,
  },
];

export function benchmarkRules(id: BenchmarkId): BenchmarkRules {
  return rules.find((r) => r.id === id)!;
}

export interface RuleFacts {
  readonly plan: RunPlan;
  readonly windows: readonly WindowResult[];
  readonly itemsDone: number;
  readonly itemsInSet: number;
  readonly inputsAreRandom: boolean;
  /** Accuracy: the score, where one exists. */
  readonly score: number | null;
}

/** Every rule with its reason; a run is valid when all are kept. */
export function validity(facts: RuleFacts): Validity {
  const checks = facts.plan.mode === 'accuracy' ? accuracyRules(facts) : windowRules(facts);
  return { valid: checks.every((c) => c.kept), rules: checks };
}

/** `1 window`, `5 windows`. */
export function windowsText(count: number): string {
  return `${count} window${count === 1 ? '' : 's'}`;
}

function rule(name: string, kept: boolean, reason: string): RuleCheck {
  return { rule: name, kept, reason };
}

function windowRules({ plan, windows, inputsAreRandom }: RuleFacts): RuleCheck[] {
  const done = windows.filter((w) => w.status === 'finished');
  const checks = [countRule(plan.mode, done.length), lengthRule(done)];
  if (plan.mode === 'performance') checks.push(differentInputsRule(done));
  if (plan.mode === 'energy') checks.push(warmUpRule(done), coverageRule(done));
  if (plan.benchmark !== null)
    checks.push(
      rule(
        'inputs come from the data set',
        !inputsAreRandom,
        inputsAreRandom ? 'random inputs were used' : 'yes',
      ),
    );
  checks.push(outputRule(done));
  return checks;
}

function countRule(mode: Mode, count: number): RuleCheck {
  const kept = mode === 'energy' ? count === WINDOWS : count >= WINDOWS;
  const wanted = mode === 'energy' ? `exactly ${WINDOWS}` : `${WINDOWS}`;
  return rule(`${wanted} windows`, kept, `${count} finished`);
}

function lengthRule(done: readonly WindowResult[]): RuleCheck {
  const name = `every window lasts at least ${MIN_WINDOW_S} s`;
  if (done.length > 0 && done.every((w) => w.durationUs === null))
    return rule(name, false, 'the target counts instructions, not time');
  const lengths = done.map((w) => w.durationUs ?? 0);
  if (lengths.length === 0) return rule(name, false, 'there is no finished window');
  const shortestS = Math.min(...lengths) / 1e6;
  return rule(name, shortestS >= MIN_WINDOW_S, `the shortest lasts ${shortestS.toFixed(3)} s`);
}

function differentInputsRule(done: readonly WindowResult[]): RuleCheck {
  const different = new Set(done.map((w) => w.inputSha256)).size;
  return rule(`${WINDOWS} different inputs`, different >= WINDOWS, `${different} different`);
}

function warmUpRule(done: readonly WindowResult[]): RuleCheck {
  const warm = done.filter((w) => w.warmUp !== 0).length;
  return rule(
    'no warm-up in energy windows',
    warm === 0,
    warm === 0 ? 'none' : `${windowsText(warm)} had warm-up`,
  );
}

function coverageRule(done: readonly WindowResult[]): RuleCheck {
  const lost = done.reduce((n, w) => n + (w.energy?.lostSamples ?? 0), 0);
  return rule('no sample of the trace was lost', lost === 0, `${lost} lost`);
}

function outputRule(done: readonly WindowResult[]): RuleCheck {
  const different = done.filter((w) => w.outputCheck === 'different').length;
  return rule(
    'the device computes what the host twin computes',
    different === 0,
    different === 0
      ? done.length === 0
        ? 'nothing was compared'
        : 'no difference seen'
      : different === 1
        ? '1 window differs'
        : `${different} windows differ`,
  );
}

function accuracyRules({ plan, itemsDone, itemsInSet, inputsAreRandom, score }: RuleFacts): RuleCheck[] {
  const checks = [
    rule('labelled inputs', !inputsAreRandom, inputsAreRandom ? 'random inputs have no labels' : 'yes'),
    rule('all files of the data set', itemsDone === itemsInSet, `${itemsDone} of ${itemsInSet}`),
  ];
  if (plan.benchmark !== null) {
    const b = benchmarkRules(plan.benchmark);
    checks.push(
      rule(
        `a data set of ${b.files.join(' or ')} files`,
        b.files.includes(itemsInSet),
        `${itemsInSet} files`,
      ),
      rule(
        `score at least ${b.threshold}`,
        score !== null && score >= b.threshold,
        score === null ? 'no score' : `score ${score.toFixed(4)}`,
      ),
    );
  }
  return checks;
}
