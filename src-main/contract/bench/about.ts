import { z } from 'zod';
import { method } from './method.ts';

/** The bench itself. */
export interface About {
  readonly version: string;
  readonly host: 'web' | 'desktop' | 'in-process';
  /** Free bytes where traces are written; null where the system does not tell. */
  readonly freeBytes: number | null;
  /** Runs that a crash or a stop interrupted and that can go on. */
  readonly interruptedRuns: readonly number[];
}

export const aboutMethods = {
  'bench.about': method(z.object({}))<About>(),
};
