import type { FailureDto } from '../failure.ts';

/** The steps of a wiring check, in their order. */
export const wiringSteps = ['open', 'ping', 'edge', 'idle', 'clock'] as const;
export type WiringStepId = (typeof wiringSteps)[number];

/** Where a step of the wiring check stands. A failed one says what to do; the steps after it are not tried. */
export interface WiringStep {
  readonly id: WiringStepId;
  readonly state: 'running' | 'passed' | 'failed' | 'skipped';
  /** What was seen: `answers as kws01, 115200 baud`. */
  readonly seen: string;
  readonly failure: FailureDto | null;
}
