import type { Failure } from '../../base/errors.ts';

/** What scripts may rely on, by what the user has to do; docs/cli.md has the same table, a test compares them. */
export const exitCodes = {
  done: 0,
  /** A bug, or an installation that is not whole. */
  unexpected: 1,
  /** Wrong words on the command line, or an input that cannot be used: change what was asked for. */
  badInput: 2,
  /** It ran, but device and host differ. */
  differ: 3,
  /** Device, monitor, link or emulator: look at the bench. */
  hardware: 4,
  /** Database, trace file or disk. */
  storage: 5,
  interrupted: 130,
} as const;

/** Ids by their beginning; the longest that fits counts. */
const byPrefix: Readonly<Record<string, number>> = {
  'cli.': exitCodes.badInput,
  'model.': exitCodes.badInput,
  'compile.': exitCodes.badInput,
  'image.': exitCodes.badInput,
  'uf2.': exitCodes.badInput,
  'elf.': exitCodes.badInput,
  'stream.': exitCodes.badInput,
  'dataset.': exitCodes.badInput,
  'predict.': exitCodes.badInput,
  'program.': exitCodes.badInput,
  'load.': exitCodes.badInput,
  'engine.float-': exitCodes.badInput,
  'link.bad-': exitCodes.badInput,
  'programmer.bad-uf2': exitCodes.badInput,
  'programmer.wrong-family': exitCodes.badInput,
  'run.bad-plan': exitCodes.badInput,
  'run.bad-supply': exitCodes.badInput,
  'run.no-energy': exitCodes.badInput,
  'run.no-labels': exitCodes.badInput,
  'run.no-inputs': exitCodes.badInput,
  'run.no-model-path': exitCodes.badInput,
  'run.no-monitor': exitCodes.badInput,
  'run.other-model': exitCodes.badInput,
  'run.other-target': exitCodes.badInput,
  'store.no-run': exitCodes.badInput,
  'store.no-stream': exitCodes.badInput,
  'store.run-finished': exitCodes.badInput,
  'store.none': exitCodes.badInput,
  'run.bug': exitCodes.unexpected,
  'run.interrupted': exitCodes.interrupted,
  'link.': exitCodes.hardware,
  'device.': exitCodes.hardware,
  'monitor.': exitCodes.hardware,
  'programmer.': exitCodes.hardware,
  'sim.': exitCodes.hardware,
  'run.': exitCodes.hardware,
  'stream.source-': exitCodes.hardware,
  'stream.no-microphone': exitCodes.hardware,
  'stream.no-extension': exitCodes.hardware,
  'stream.stalled': exitCodes.hardware,
  'stream.recording-failed': exitCodes.storage,
  'store.': exitCodes.storage,
  'trace.': exitCodes.storage,
  'trace.interrupted': exitCodes.interrupted,
  'target.': exitCodes.badInput,
  'trace.import-': exitCodes.badInput,
  'trace.import-unreadable': exitCodes.storage,
  'trace.export-': exitCodes.badInput,
};
const longestFirst = Object.entries(byPrefix).sort(([a], [b]) => b.length - a.length);

export function exitCodeOf(failure: Pick<Failure, 'id'>): number {
  return longestFirst.find(([prefix]) => failure.id.startsWith(prefix))?.[1] ?? exitCodes.unexpected;
}
