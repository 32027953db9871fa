import type { Failure } from '../../base/errors.ts';

/** What scripts may rely on; docs/cli.md has the same table. */
export const exitCodes = {
  done: 0,
  unexpected: 1,
  /** Wrong words on the command line, or an input file that cannot be used. */
  badInput: 2,
  /** It ran, but a check failed: device and host differ, or the run is not valid by the run rules. */
  checkFailed: 3,
  /** Device, monitor, link or emulator. */
  hardware: 4,
  /** Database, trace file or disk. */
  storage: 5,
  interrupted: 130,
} as const;

const byPrefix: readonly (readonly [string, number])[] = [
  ['cli.', exitCodes.badInput],
  ['model.', exitCodes.badInput],
  ['compile.', exitCodes.badInput],
  ['image.', exitCodes.badInput],
  ['uf2.', exitCodes.badInput],
  ['dataset.', exitCodes.badInput],
  ['predict.', exitCodes.badInput],
  ['program.', exitCodes.badInput],
  ['load.', exitCodes.badInput],
  ['run.interrupted', exitCodes.interrupted],
  ['run.check', exitCodes.checkFailed],
  ['link.', exitCodes.hardware],
  ['device.', exitCodes.hardware],
  ['monitor.', exitCodes.hardware],
  ['programmer.', exitCodes.hardware],
  ['sim.', exitCodes.hardware],
  ['run.', exitCodes.hardware],
  ['store.', exitCodes.storage],
  ['trace.', exitCodes.storage],
];

export function exitCodeOf(failure: Failure): number {
  return byPrefix.find(([prefix]) => failure.id.startsWith(prefix))?.[1] ?? exitCodes.unexpected;
}
