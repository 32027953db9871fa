const stopSignals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** One Ctrl-C arrives twice under npm: the terminal tells the whole group, and npm passes it on. */
const SAME_REQUEST_MS = 400;

export interface SignalSource {
  on(signal: (typeof stopSignals)[number], listener: () => void): unknown;
}

/** Calls `first` at the first request to stop, `again` at the next one; a hang-up never counts as the next. */
export function onStopRequest(
  first: () => void,
  again: () => void,
  source: SignalSource = process,
  nowMs: () => number = () => performance.now(),
): void {
  let askedMs: number | null = null;
  for (const signal of stopSignals)
    source.on(signal, () => {
      if (askedMs === null) {
        askedMs = nowMs();
        first();
      } else if (signal !== 'SIGHUP' && nowMs() - askedMs > SAME_REQUEST_MS) again();
    });
}
