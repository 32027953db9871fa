import type { Failure } from '../base/errors.ts';
import type { Link } from '../link/link.ts';
import type { SampleReceiver, StreamEnd } from '../trace/source.ts';

/**
 * Waits for the end of a stream that was told to stop. A monitor that says nothing even then is cut off: in virtual
 * time a passive read would wait for it for ever.
 */
export async function endOrCut(
  done: Promise<StreamEnd>,
  link: Pick<Link, 'clock' | typeof Symbol.asyncDispose>,
  timeoutUs: number,
): Promise<void> {
  const { clock } = link;
  const over = new AbortController();
  const ended = done.then(() => over.abort());
  await clock.sleepUntilUs(clock.nowUs() + timeoutUs, over.signal);
  if (!over.signal.aborted) await link[Symbol.asyncDispose]();
  await ended;
}

/** Lets the receiver write what it has, then ends the stream: lost by this failure, or stopped. What it cannot write refuses it. */
export async function settledEnd(receiver: SampleReceiver, lost: Failure | null): Promise<StreamEnd> {
  const settled = await receiver.settle();
  if (!settled.ok) return { kind: 'refused', failure: settled };
  return lost ? { kind: 'lost', failure: lost } : { kind: 'stopped' };
}
