import { fail, ok, type Result } from '../base/errors.ts';
import type { InferResult } from './infer.ts';

/** The part of a session that tuning needs. */
export interface Inferring {
  infer(iterations: number, warmup: number): Promise<Result<InferResult>>;
}

export interface WindowTuning {
  readonly iterations: number;
  readonly latencyUs: number;
  /** How many inferences were run to find it. */
  readonly probed: number;
}

/** A probe must last this long for its latency to be good to 1 % with a 1 kHz counter. */
const PROBE_US = 100_000;
/** By the host's clock over a line a probe is only good to some ms of transmission. */
const HOST_PROBE_US = 1_000_000;
/** Against jitter and drift between tuning and the window. */
const MARGIN = 1.02;
const MAX_ITERATIONS = 2 ** 31 - 1;

/** Iterations for a window of at least `windowUs`. */
export function iterationsFor(windowUs: number, latencyUs: number): number {
  return Math.min(MAX_ITERATIONS, Math.max(1, Math.ceil((windowUs * MARGIN) / latencyUs)));
}

/**
 * Finds the iterations that make a window last at least `windowUs`, by doubling the probe until it is long enough
 * to measure. A DUT without laps is measured by the host's clock over two probes of different length, so that what
 * every window has in common (the rest before it, the lines) cancels.
 */
export async function tuneWindow(session: Inferring, windowUs: number, warmup: number): Promise<Result<WindowTuning>> {
  let probed = 0;
  let previous: InferResult | undefined;
  for (let iterations = 1; iterations <= MAX_ITERATIONS; ) {
    const probe = await session.infer(iterations, previous ? 0 : warmup);
    if (!probe.ok) return probe;
    probed += iterations;
    const seen = latencyOf(probe.value, previous);
    if (seen && seen.measuredUs >= Math.min(seen.enoughUs, windowUs))
      return ok({ iterations: iterationsFor(windowUs, seen.latencyUs), latencyUs: seen.latencyUs, probed });
    previous = probe.value;
    const factor = seen ? Math.ceil((1.2 * seen.enoughUs) / Math.max(1, seen.measuredUs)) : 2;
    iterations = iterations + Math.max(1, iterations * Math.min(64, factor));
  }
  return fail(
    'device.untunable',
    { windowMs: windowUs / 1000, probed },
    'The device\'s time does not grow with the number of inferences.',
    'Give the number of iterations yourself.',
  );
}

interface Seen {
  readonly latencyUs: number;
  /** The span the latency was taken from. */
  readonly measuredUs: number;
  readonly enoughUs: number;
}

function latencyOf(probe: InferResult, previous: InferResult | undefined): Seen | undefined {
  if (probe.windowUs !== null)
    return { latencyUs: Math.max(1, probe.windowUs) / probe.iterations, measuredUs: probe.windowUs, enoughUs: PROBE_US };
  if (!previous) return undefined;
  const spanUs = probe.hostWindowUs - previous.hostWindowUs;
  const count = probe.iterations - previous.iterations;
  return spanUs > 0 ? { latencyUs: spanUs / count, measuredUs: spanUs, enoughUs: HOST_PROBE_US } : undefined;
}
