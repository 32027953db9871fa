import { fail, type Failure } from '../base/errors.ts';
import type { BoardDescriptor } from '../board/board.ts';

/** Refused before power-on: what the wiring point of this board takes. null = it may be switched on. */
export function refuseSupply(board: BoardDescriptor, volts: number): Failure | null {
  if (board.unit === 'instructions') return null; // nothing is switched on
  const { point, minV, maxV, source } = board.supply;
  if (volts >= minV && volts <= maxV) return null;
  return fail(
    'run.bad-supply',
    { supplyV: volts, minV, maxV, point, source },
    `${board.name} is supplied at ${point}, which takes ${minV} to ${maxV} V.`,
    `Give --supply a voltage from ${minV} to ${maxV}.`,
  );
}
