import { z } from 'zod';
import { RunPlan } from '../plan.ts';
import type { RunResult, RunSummary } from '../result.ts';
import type { Activity } from './activity.ts';
import { MonitorAddress, PortAddress } from './address.ts';
import { method } from './method.ts';

/** Where the hardware of a run or stream is; nothing of it for the emulated bench. */
export const WiringChoice = z.object({
  /** Address of the board's UART: a listed port, a PTY, `tcp://host:port`. */
  port: PortAddress.optional(),
  /** `KIND:ADDRESS`, an address, or of an emulated target the kind alone. */
  monitor: MonitorAddress.optional(),
});
export type WiringChoice = z.infer<typeof WiringChoice>;

/** A plan as a page may give it: models and data sets by token, never by path. */
export const RunChoice = RunPlan.omit({ model: true, dataDir: true })
  .partial()
  .required({ mode: true, targetId: true })
  .extend({
    /** Of `models.list`. */
    model: z.string(),
    /** Of `models.list`: use the data set that comes with the model. */
    withData: z.boolean().default(false),
    wiring: WiringChoice.default({}),
  });
export type RunChoice = z.input<typeof RunChoice>;

const RunId = z.object({ runId: z.number().int().positive() });

export const runMethods = {
  'runs.list': method(z.object({ limit: z.number().int().min(1).max(1000).optional() }))<RunSummary[]>(),
  'runs.get': method(RunId)<RunResult>(),
  /** Leaves a window out of a finished run, with the reason; the window stays as it was measured. `run.no-window`. */
  'runs.excludeWindow': method(
    RunId.extend({ window: z.number().int().nonnegative(), reason: z.string().trim().min(1).max(500) }),
  )<RunResult>(),
  /** Undoes that. */
  'runs.countWindow': method(RunId.extend({ window: z.number().int().nonnegative() }))<RunResult>(),
  'runs.start': method(RunChoice)<Activity>(),
  /** Goes on with an interrupted run. */
  'runs.resume': method(RunId.extend({ wiring: WiringChoice.default({}) }))<Activity>(),
  /** The demo: performance, energy and accuracy of the keyword spotter that comes with the product. */
  'runs.demo': method(
    z.object({
      windows: z.number().int().min(1).max(100).default(5),
      windowS: z.number().positive().max(60).default(10),
      items: z.number().int().min(1).max(1000).default(100),
    }),
  )<Activity>(),
};
