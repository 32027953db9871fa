import type { Link } from '../link/link.ts';
import type { StreamEnd } from '../trace/source.ts';

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
