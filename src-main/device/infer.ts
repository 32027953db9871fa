import { fail, ok, type Failure, type Result } from '../base/errors.ts';
import type { Conversation, Reply } from './conversation.ts';
import type { DutMessage } from './messages.ts';

const WRAP_US = 2 ** 32;
/** A device may rest so long before an energy window (ImageConfig.idleUsBeforeWindow, limited by the firmware). */
const LONGEST_REST_US = 60_000_000;
/** When nothing is known of the model: a minute, and a second for each inference up to ten minutes. */
const UNKNOWN_US = 60_000_000;
const UNKNOWN_EACH_US = 1_000_000;
const UNKNOWN_MOST_US = 600_000_000;

export interface InferResult {
  readonly iterations: number;
  readonly warmup: number;
  /** The DUT's 32-bit counter at the window's begin and end, as printed; empty in energy mode. */
  readonly lapsUs: readonly number[];
  /** End − begin, the counter's wraps undone; null where the DUT prints no laps. */
  readonly windowUs: number | null;
  readonly latencyUs: number | null;
  /** From `m-infer-start` to `m-infer-done` on the link's clock, transmission included. */
  readonly hostWindowUs: number;
  readonly results: readonly number[];
  /** True when the results line was damaged and read again with `results%`. */
  readonly resultsReread: boolean;
  /** Laps an interface board's own timer printed, µs. */
  readonly boardLapsUs: readonly number[];
  readonly rawLines: readonly string[];
}

interface Marks {
  startUs: number | undefined;
  doneUs: number | undefined;
}

/** `infer N W`. Learns from it what an inference takes (`talk.latencyUs`), which bounds the next one. */
export async function infer(
  talk: Conversation,
  iterations: number,
  warmup: number,
): Promise<Result<InferResult>> {
  const marks: Marks = { startUs: undefined, doneUs: undefined };
  const reply = await talk.ask({
    command: `infer ${iterations} ${warmup}`,
    own: ['infer-start', 'infer-done', 'warmup-start', 'warmup-done'],
    ownRequired: true,
    timeoutUs: limitUs(talk, iterations + warmup),
    onMessage: (message, atUs) => {
      if (message.kind === 'infer-start') marks.startUs = atUs;
      if (message.kind === 'infer-done') marks.doneUs = atUs;
    },
  });
  if (!reply.ok) return reply;
  const messages = reply.value.messages;
  const error = messages.find((m) => m.kind === 'error');
  if (error) return refused(error.text, iterations, warmup);
  const wrong = checkWindow(messages, iterations);
  if (wrong) return wrong;
  const results = await resultsOf(talk, messages);
  if (!results.ok) return results;
  const result = inferResult(talk, reply.value, iterations, warmup, marks, results.value);
  talk.latencyUs = result.latencyUs ?? Math.min(talk.latencyUs ?? Infinity, result.hostWindowUs / iterations);
  return ok(result);
}

/** Twice what is expected and 5 s: slower than that is a fault worth stopping for. */
function limitUs(talk: Conversation, count: number): number {
  const restUs = talk.mode === 'energy' ? LONGEST_REST_US : 0;
  const workUs =
    talk.latencyUs === null
      ? UNKNOWN_US + Math.min(UNKNOWN_MOST_US, count * UNKNOWN_EACH_US)
      : 2 * count * talk.latencyUs;
  return 5_000_000 + restUs + workUs;
}

function refused(text: string, iterations: number, warmup: number): Failure {
  return fail(
    'device.refused',
    { command: `infer ${iterations} ${warmup}`, deviceSays: text },
    'The device refused the command, or received it damaged.',
    'Retry; if it refuses again, the firmware does not support this.',
  );
}

function checkWindow(messages: readonly DutMessage[], iterations: number): Failure | undefined {
  const start = messages.find((m) => m.kind === 'infer-start');
  const damaged = (reason: string) =>
    fail(
      'device.window-damaged',
      { reason, iterations },
      'Lines that mark the window were lost or damaged on the way.',
      'The window does not count; repeat it.',
    );
  if (!messages.some((m) => m.kind === 'infer-done')) return damaged('no m-infer-done');
  if (!start) return damaged('no m-infer-start');
  if (start.count !== iterations) return damaged(`the device ran ${start.count} iterations`);
  const laps = messages.filter((m) => m.kind === 'lap').length;
  if (laps !== 0 && laps !== 2) return damaged(`${laps} laps instead of 2`);
  return undefined;
}

async function resultsOf(
  talk: Conversation,
  messages: readonly DutMessage[],
): Promise<Result<{ values: readonly number[]; reread: boolean }>> {
  const line = messages.find((m) => m.kind === 'results');
  if (line?.values) return ok({ values: line.values, reread: false });
  const again = await readResults(talk);
  return again.ok ? ok({ values: again.value, reread: true }) : again;
}

/** `results%`: the scores of the last inference. */
export async function readResults(talk: Conversation): Promise<Result<readonly number[]>> {
  for (let attempt = 0; attempt < 2; attempt++) {
    const reply = await talk.ask({ command: 'results', own: ['results'], ownRequired: true });
    if (!reply.ok) return reply;
    const line = reply.value.messages.find((m) => m.kind === 'results');
    if (line?.values) return ok(line.values);
  }
  return fail(
    'device.results-damaged',
    { command: 'results' },
    'The results line came damaged, also when asked for again.',
    'Check the line rate and the cable, then repeat the window.',
  );
}

function inferResult(
  talk: Conversation,
  reply: Reply,
  iterations: number,
  warmup: number,
  marks: Marks,
  results: { values: readonly number[]; reread: boolean },
): InferResult {
  const lapsUs = reply.messages.flatMap((m) => (m.kind === 'lap' ? [m.counterUs] : []));
  const hostWindowUs = (marks.doneUs ?? 0) - (marks.startUs ?? 0);
  const windowUs = lapsUs.length === 2 ? unwrapUs(lapsUs[0]!, lapsUs[1]!, hostWindowUs) : null;
  return {
    iterations,
    warmup,
    lapsUs,
    windowUs,
    latencyUs: windowUs === null ? null : windowUs / iterations,
    hostWindowUs,
    results: results.values,
    resultsReread: results.reread,
    boardLapsUs: reply.boardMessages.flatMap((m) => (m.kind === 'lap' ? [m.counterUs] : [])),
    rawLines: reply.lines,
  };
}

/**
 * The DUT's counter is 32-bit µs and wraps every 71.6 min. One wrap is undone by arithmetic modulo 2^32; for longer
 * windows the host's clock tells how many there were.
 */
export function unwrapUs(beginUs: number, endUs: number, hostUs: number): number {
  const differenceUs = (endUs - beginUs) >>> 0;
  const wraps = Math.max(0, Math.round((hostUs - differenceUs) / WRAP_US));
  return differenceUs + wraps * WRAP_US;
}
