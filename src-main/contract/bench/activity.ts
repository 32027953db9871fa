import { z } from 'zod';
import type { FailureDto } from '../failure.ts';
import type { RunEvent } from '../events.ts';
import type { StreamRunEvent } from '../stream.ts';
import type { RecordStatus, RecordSummary } from '../trace.ts';
import { method } from './method.ts';
import type { WiringStep } from './wiring-step.ts';
import type { StreamSignal } from './stream-signal.ts';

/** What the bench does over time: it goes on when the page that began it is closed. */
export interface Activity {
  readonly id: number;
  readonly kind: 'run' | 'demo' | 'record' | 'stream' | 'check';
  readonly title: string;
  readonly state: 'active' | 'stopping' | 'ended';
  readonly startedAt: string;
  /** Set when it ended by itself in a failure. */
  readonly failure: FailureDto | null;
  /** The command line that does the same. */
  readonly cli: string;
  /** What it makes, as soon as that is known. */
  readonly runId: number | null;
  readonly streamId: number | null;
  readonly traceId: string | null;
}

/** What happens in an activity. An activity's kind decides which of these occur. */
export type ActivityEvent =
  | { readonly type: 'run'; readonly event: RunEvent }
  | { readonly type: 'record'; readonly status: RecordStatus; readonly traceId: string | null }
  | { readonly type: 'recorded'; readonly summary: RecordSummary }
  | { readonly type: 'stream'; readonly event: StreamRunEvent }
  /** Of a stream: the newest minutes of it are kept. */
  | { readonly type: 'signal'; readonly signal: StreamSignal }
  | { readonly type: 'check'; readonly step: WiringStep };

/** `seq` counts from 1 without holes but for what a later event replaced (progress, status). */
export interface NumberedActivityEvent {
  readonly seq: number;
  readonly event: ActivityEvent;
}

const ActivityId = z.object({ id: z.number().int().positive() });

export const activityMethods = {
  'activities.list': method(z.object({}))<Activity[]>(),
  /** Ends it as Esc or Ctrl-C does: what was measured is kept. `bench.no-activity`. */
  'activities.stop': method(ActivityId)<Activity>(),
};

/** What can be subscribed to. Each subscription first tells what is, then what changes. */
export const topics = {
  /** The list, whole, whenever an activity begins, changes its state or ends. */
  activities: method(z.object({}))<readonly Activity[]>(),
  /** The events of one activity since `afterSeq`. */
  activity: method(ActivityId.extend({ afterSeq: z.number().int().nonnegative().default(0) }))<
    readonly NumberedActivityEvent[]
  >(),
};
