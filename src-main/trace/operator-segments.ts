import { fail, ok, type Result } from '../base/errors.ts';
import type { EdgeRecord } from './format.ts';
import type { Trace } from './trace.ts';
import type { TraceWindow } from './windows.ts';

/** The boundaries of all operators of one window, in order: N·K + 1 positions in sample periods. */
export interface OperatorSegments {
  readonly operators: number;
  readonly inferences: number;
  /** `positions[i·K + k]` begins operator k of inference i; the last one ends the window. */
  readonly positions: Float64Array;
  /** Each position is known to within so many sample periods before it. */
  readonly uncertainSamples: Float64Array;
}

/** Where the counter stands modulo 8: binary of the three Gray-code bits. */
function counterOf(gray: number): number {
  return (gray ^ (gray >> 1) ^ (gray >> 2)) & 7;
}

/**
 * Operator boundaries from the edges of the Gray-code counter that runs through a window (docs/adr/0002-pins.md).
 * `channels`: its logic channels, lowest bit first. Several steps within one sample are boundaries at one place: their
 * operators have no length in this trace. Where a gap swallowed whole turns of the counter, the known number of
 * boundaries gives them back, at the place of the gap.
 * `trace.no-operator-edges`: the operator pins do not move; `trace.operator-count`: the steps do not make
 * `inferences` · `operators` segments.
 */
export function operatorSegments(
  trace: Trace,
  window: TraceWindow,
  channels: readonly number[],
  shape: { readonly operators: number; readonly inferences: number },
): Result<OperatorSegments> {
  const { operators, inferences } = shape;
  const edges = edgesOf(trace, window, channels);
  if (!edges.ok) return edges;
  const steps = counterSteps(edges.value, window);
  const found = steps.reduce((n, s) => n + s.steps, 0);
  const missing = operators * inferences - 1 - found;
  if (found === 0 && missing > 1)
    return fail(
      'trace.no-operator-edges',
      { inferences, operators },
      'The operator pins do not change inside the window: they are not wired, or the firmware does not drive them.',
      "Wire D1–D3 of the board to the monitor's logic inputs 1–3; the energy of the whole window stands without.",
    );
  if (missing !== 0 && !restored(steps, missing, window))
    return fail(
      'trace.operator-count',
      { expected: operators * inferences - 1, found, inferences, operators },
      'The operator pins step another number of times than the inferences of this window have operators.',
      'Check the wiring of D1–D3 and that model and firmware are those of the run; then repeat the window.',
    );
  return ok(laidOut(steps, window, operators, inferences));
}

interface Step {
  readonly sample: number;
  steps: number;
  readonly uncertainSamples: number;
}

/** A change of the counter's bit `bit`. */
interface BitEdge extends EdgeRecord {
  readonly bit: number;
}

function edgesOf(trace: Trace, window: TraceWindow, channels: readonly number[]): Result<BitEdge[]> {
  const all: BitEdge[] = [];
  for (const [bit, channel] of channels.entries()) {
    const edges = trace.edges(channel, window.startSample, window.endSample);
    if (!edges.ok) return edges;
    for (const e of edges.value) all.push({ ...e, bit });
  }
  return ok(all.sort((a, b) => a.sample - b.sample));
}

/**
 * The store that opens a window puts the counter to 0: of the edges in the window's first sample only those that rise
 * are steps, and those in its last belong to the store that closes it.
 */
function counterSteps(edges: readonly BitEdge[], window: TraceWindow): Step[] {
  const steps: Step[] = [];
  let gray = 0;
  let counter = 0;
  for (let i = 0; i < edges.length && edges[i]!.sample < window.endSample;) {
    const { sample } = edges[i]!;
    let uncertainSamples = 0;
    for (; edges[i]?.sample === sample; i++) {
      const e = edges[i]!;
      gray = e.level ? gray | (1 << e.bit) : gray & ~(1 << e.bit);
      uncertainSamples = Math.max(uncertainSamples, Math.min(e.uncertainSamples, sample));
    }
    const now = counterOf(gray);
    if (sample >= window.startSample && now !== counter)
      steps.push({ sample, steps: (now - counter) & 7, uncertainSamples });
    counter = now;
  }
  return steps;
}

/**
 * Puts steps back that cannot have been seen: the last one, when the last operator is shorter than a sample; whole turns
 * of the counter (eight steps) where samples are missing.
 */
function restored(steps: Step[], missing: number, window: TraceWindow): boolean {
  if (missing === 1) {
    steps.push({ sample: window.endSample, steps: 1, uncertainSamples: 1 });
    return true;
  }
  const gaps = steps.filter((s) => s.uncertainSamples > 1);
  if (missing < 0 || missing % 8 !== 0 || gaps.length !== 1) return false;
  gaps[0]!.steps += missing;
  return true;
}

function laidOut(
  steps: readonly Step[],
  window: TraceWindow,
  operators: number,
  inferences: number,
): OperatorSegments {
  const total = operators * inferences;
  const positions = new Float64Array(total + 1);
  const uncertainSamples = new Float64Array(total + 1);
  positions[0] = window.startSample;
  uncertainSamples[0] = window.startUncertainSamples;
  let at = 1;
  for (const s of steps)
    for (let k = 0; k < s.steps; k++, at++) {
      positions[at] = s.sample;
      uncertainSamples[at] = s.uncertainSamples;
    }
  positions[total] = window.endSample;
  uncertainSamples[total] = window.endUncertainSamples;
  return { operators, inferences, positions, uncertainSamples };
}
