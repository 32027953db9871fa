import { fail, ok, type Result } from '../base/errors.ts';
import type { Monitor } from '../monitor/monitor.ts';
import type { WindowEnergy } from '../trace/energy.ts';
import type { Trace } from '../trace/trace.ts';
import type { TraceWindow } from '../trace/windows.ts';

/** Lost samples that may lie in a window that counts; the energy's bound includes them. */
const LOST_SHARE = 1e-3;

/** Marks that make whatever they stand in worthless: the board did not run as it should. */
const SPOILING = new Set(['lpm01a.overcurrent', 'lpm01a.target-reset', 'monitor.stalled']);

/**
 * Does this window count? Not where samples were misaligned or likely lost without trace, in it or so shortly after it
 * that the loss may lie in it; not where many are missing; not where the monitor was beyond its range or cut the supply.
 * `monitor.window-damaged`, `monitor.over-range`: the window is excluded with this and repeated.
 */
export function judgeWindow(
  trace: Trace,
  window: TraceWindow,
  energy: WindowEnergy,
  { descriptor, verdictUs }: Pick<Monitor, 'descriptor' | 'verdictUs'>,
): Result<void> {
  const { fullScaleA } = descriptor;
  if (fullScaleA !== null && energy.maxA > fullScaleA)
    return fail(
      'monitor.over-range',
      { maxA: energy.maxA, fullScaleA, monitor: descriptor.name },
      'The current went beyond what the monitor can measure.',
      'Check the wiring for a short; use a monitor with a wider range.',
    );
  const doubtUntil = window.endSample + (verdictUs * trace.header.sampleRateHz) / 1e6;
  const gaps = trace.gaps(Math.floor(window.startSample), Math.ceil(doubtUntil));
  if (!gaps.ok) return gaps;
  const marks = trace.marks(Math.floor(window.startSample), Math.ceil(window.endSample));
  if (!marks.ok) return marks;
  const causes = gaps.value
    .filter(
      (g) =>
        g.cause === 'likely-multiple-of-64' || (g.cause === 'misaligned' && g.firstSample < window.endSample),
    )
    .map((g) => g.cause);
  const spoiled = marks.value.map((m) => m.kind).filter((kind) => SPOILING.has(kind));
  const share = energy.missingSamples / (window.endSample - window.startSample);
  if (causes.length === 0 && spoiled.length === 0 && share <= LOST_SHARE) return ok();
  return fail(
    'monitor.window-damaged',
    {
      missingSamples: Math.round(energy.missingSamples),
      missingShare: Number(share.toPrecision(3)),
      causes: [...new Set([...causes, ...spoiled])],
    },
    'The monitor’s stream was damaged in this window.',
    'Plug the monitor straight into the computer and close programs that load it; the window is repeated.',
  );
}
