import { z } from 'zod';
import { AccuracyItem } from './accuracy.ts';
import { FailureDto } from './failure.ts';
import { RunPlan } from './plan.ts';
import { RunResult } from './result.ts';
import { WindowResult } from './window.ts';

/** The states of a run; src-main/run/phases.ts has the allowed transitions. */
export const Phase = z.enum([
  'planned',
  'deploying',
  'identifying',
  'tuning',
  'measuring',
  'paused',
  'profiling',
  'checking',
  'finished',
  'interrupted',
  'failed',
]);
export type Phase = z.infer<typeof Phase>;

const base = { runId: z.number().int(), at: z.string() };

export const RunEvent = z.discriminatedUnion('type', [
  z.object({ ...base, type: z.literal('started'), plan: RunPlan, resumed: z.boolean() }),
  z.object({ ...base, type: z.literal('phase'), phase: Phase, from: Phase }),
  z.object({
    ...base,
    type: z.literal('progress'),
    phase: Phase,
    done: z.number(),
    total: z.number(),
    /** Wall seconds to the end of the run, null while nothing is known. */
    etaS: z.number().nullable(),
    text: z.string(),
  }),
  z.object({ ...base, type: z.literal('window'), window: WindowResult }),
  z.object({
    ...base,
    type: z.literal('item'),
    item: AccuracyItem,
    done: z.number().int(),
    total: z.number().int(),
    correct: z.number().int(),
  }),
  z.object({ ...base, type: z.literal('warning'), failure: FailureDto }),
  /** The board or monitor is gone: plug it back and the run goes on with this window. */
  z.object({
    ...base,
    type: z.literal('paused'),
    failure: FailureDto,
    window: z.number().int(),
    of: z.number().int(),
  }),
  z.object({ ...base, type: z.literal('resumed'), window: z.number().int(), of: z.number().int() }),
  z.object({ ...base, type: z.literal('ended'), result: RunResult }),
]);
export type RunEvent = z.infer<typeof RunEvent>;
