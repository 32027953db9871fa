import { fail, type Failure } from '../base/errors.ts';
import type { TargetDescriptor } from './targets.ts';

/** Refuses what needs time or energy on a target that only counts instructions; null where there is time. */
export function refuseWithoutTime(target: TargetDescriptor, what: string): Failure | null {
  if (target.board.unit !== 'instructions') return null;
  return fail(
    'target.instructions-only',
    { target: target.id, what },
    `${target.name} counts instructions: it has no time and no energy, so ${what} means nothing there.`,
    'Choose --target pico-emulated or a real board; `microjoule run` gives instructions an operator.',
  );
}
