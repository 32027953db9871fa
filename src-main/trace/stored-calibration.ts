import { fail, ok, type Failure, type Result } from '../base/errors.ts';

/** `trace.bad-calibration`: what a trace stored for its codec lacks `field`. */
export function badCalibration(codec: string, field: string): Failure {
  return fail(
    'trace.bad-calibration',
    { codec, field },
    'The calibration stored with the trace is incomplete.',
    'Use a copy of the trace that was not edited.',
  );
}

/** The object a trace stored for its codec, its fields unchecked; null where it stored no object. */
export function storedCalibration<T>(codec: string, json: string): Result<Partial<T> | null> {
  try {
    return ok(JSON.parse(json) as Partial<T> | null);
  } catch {
    return badCalibration(codec, 'json');
  }
}
