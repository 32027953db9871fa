import type { Clock } from '../base/clock.ts';
import { fail, ok, type Result } from '../base/errors.ts';
import type { Device, StepOptions } from './ports.ts';

/** N is a 32-bit count on the device. */
const MAX_INFERENCES = 0xffff_ffff;
/** A latency is known well enough from so long a burst: the DUT's timer has 1 µs. */
const BURST_US = 100_000;
const ROUNDS = 8;

/** The N that makes a window last `windowUs` with a margin for jitter (`run.window-short` retunes). */
export function inferencesFor(windowUs: number, latencyUs: number, margin = 1.005): number {
  return Math.min(MAX_INFERENCES, Math.max(1, Math.ceil((windowUs * margin) / latencyUs)));
}

/** N again after a window of `inferences` lasted only `durationUs`. */
export function retuned(inferences: number, durationUs: number, windowUs: number): number {
  const perInference = Math.max(durationUs, 1) / inferences;
  return Math.max(inferences + 1, inferencesFor(windowUs, perInference, 1.01));
}

/** Latency in µs by the DUT's own timer, from bursts that grow until they are long enough. */
export async function latencyByTimer(
  device: Device,
  warmUp: number,
  options: StepOptions,
): Promise<Result<number>> {
  let n = 1;
  for (let round = 0; round < ROUNDS; round++) {
    const reply = await device.infer(n, round === 0 ? warmUp : 0, options);
    if (!reply.ok) return reply;
    const us = reply.value.durationUs;
    if (us === null)
      return fail(
        'run.no-timer',
        { inferences: n },
        'The DUT runs the energy image or prints no m-lap-us lines.',
        'Use the performance image, or give --inferences.',
      );
    if (us >= BURST_US) return ok(us / n);
    n = Math.min(n * 1000, Math.ceil((n * 2 * BURST_US) / Math.max(us, 1)), MAX_INFERENCES);
  }
  return fail(
    'run.timer-stuck',
    { inferences: n },
    "The DUT's timer does not move.",
    'Check the timer of the firmware under test.',
  );
}

/** Energy images print no laps: the cycles of one profiled inference tell the latency. */
export async function latencyByProfile(
  device: Device,
  clockHz: number,
  options: StepOptions,
): Promise<Result<number>> {
  const profile = await device.profile(options);
  if (!profile.ok) return profile;
  if (profile.value.totalCycles <= 0)
    return fail(
      'run.timer-stuck',
      { totalCycles: profile.value.totalCycles },
      "The DUT's cycle counter does not move.",
      'Check the timer of the firmware under test.',
    );
  return ok((profile.value.totalCycles * 1e6) / clockHz);
}

/**
 * A foreign DUT in energy mode: the host's clock. The slope between one and n inferences, so that the idle time
 * before the window and the line's own time cancel.
 */
export async function latencyByHostClock(
  device: Device,
  clock: Clock,
  options: StepOptions,
): Promise<Result<number>> {
  const timed = async (n: number): Promise<Result<number>> => {
    const start = clock.nowUs();
    const reply = await device.infer(n, 0, options);
    return reply.ok ? ok(clock.nowUs() - start) : reply;
  };
  const one = await timed(1);
  if (!one.ok) return one;
  for (let n = 11; n < MAX_INFERENCES; n = n * 10 + 1) {
    const many = await timed(n);
    if (!many.ok) return many;
    const extra = many.value - one.value;
    if (extra >= 5 * BURST_US) return ok(extra / (n - 1));
  }
  return fail(
    'run.timer-stuck',
    {},
    'The DUT answers at once however many inferences are asked for.',
    'Give --inferences.',
  );
}
