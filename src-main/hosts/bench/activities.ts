import { fail, type Failure, type Result } from '../../base/errors.ts';
import type { Activity, ActivityEvent, NumberedActivityEvent } from '../../contract/bench/activity.ts';
import { failureDto } from '../../core/trace-views.ts';

/** What an activity's work is given. */
export interface ActivityContext {
  readonly signal: AbortSignal;
  readonly emit: (event: ActivityEvent) => void;
  /** What it makes, as soon as that is known. */
  readonly made: (what: Partial<Pick<Activity, 'runId' | 'streamId' | 'traceId'>>) => void;
}

export interface NewActivity {
  readonly kind: Activity['kind'];
  readonly title: string;
  readonly cli: string;
  /** Holds hardware that only one activity can have. */
  readonly work: (context: ActivityContext) => Promise<Result<unknown>>;
}

/** Of ended activities; their results are in the database. */
const KEPT_ENDED = 20;

interface Entry {
  activity: Activity;
  events: NumberedActivityEvent[];
  readonly abort: AbortController;
  nextSeq: number;
  done: Promise<void>;
  readonly listeners: Set<(events: readonly NumberedActivityEvent[]) => void>;
}

/** Runs, recordings and streams that go on whoever looks at them. Disposing stops all and waits for their ends. */
export class Activities implements AsyncDisposable {
  readonly #entries = new Map<number, Entry>();
  readonly #listeners = new Set<(list: readonly Activity[]) => void>();
  readonly #nowIso: () => string;
  #nextId = 1;

  constructor(nowIso: () => string) {
    this.#nowIso = nowIso;
  }

  list(): Activity[] {
    return [...this.#entries.values()].map((e) => e.activity);
  }

  start({ kind, title, cli, work }: NewActivity): Activity {
    const id = this.#nextId++;
    const entry: Entry = {
      activity: {
        id,
        kind,
        title,
        cli,
        state: 'active',
        startedAt: this.#nowIso(),
        failure: null,
        runId: null,
        streamId: null,
        traceId: null,
      },
      events: [],
      abort: new AbortController(),
      nextSeq: 1,
      done: Promise.resolve(),
      listeners: new Set(),
    };
    this.#entries.set(id, entry);
    entry.done = this.#carryOut(entry, work);
    this.#changed();
    return entry.activity;
  }

  /** `bench.no-activity`. */
  stop(id: number): Result<Activity> {
    const entry = this.#entries.get(id);
    if (!entry) return noActivity(id);
    if (entry.activity.state === 'active') this.#update(entry, { state: 'stopping' });
    entry.abort.abort();
    return { ok: true, value: entry.activity };
  }

  /** Tells the list now and whenever it changes. */
  watchList(listener: (list: readonly Activity[]) => void): Disposable {
    this.#listeners.add(listener);
    listener(this.list());
    return { [Symbol.dispose]: () => this.#listeners.delete(listener) };
  }

  /** Tells the events after `afterSeq` now and the next ones as they come. `bench.no-activity`. */
  watch(
    id: number,
    afterSeq: number,
    listener: (events: readonly NumberedActivityEvent[]) => void,
  ): Result<Disposable> {
    const entry = this.#entries.get(id);
    if (!entry) return noActivity(id);
    entry.listeners.add(listener);
    listener(entry.events.filter((e) => e.seq > afterSeq));
    return { ok: true, value: { [Symbol.dispose]: () => entry.listeners.delete(listener) } };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const entry of this.#entries.values()) entry.abort.abort();
    await Promise.all([...this.#entries.values()].map((e) => e.done));
  }

  async #carryOut(entry: Entry, work: NewActivity['work']): Promise<void> {
    let failure: Failure | null = null;
    try {
      const result = await work({
        signal: entry.abort.signal,
        emit: (event) => this.#emit(entry, event),
        made: (what) => this.#update(entry, what),
      });
      if (!result.ok) failure = result;
    } catch (e) {
      failure = fail(
        'bench.bug',
        { reason: e instanceof Error ? (e.stack ?? e.message).slice(0, 2000) : String(e) },
        'This is a bug of Microjoule.',
        'Please report it with the diagnostics.',
      );
    }
    entry.activity = { ...entry.activity, state: 'ended', failure: failure && failureDto(failure) };
    this.#forgetOld();
    this.#changed();
  }

  #emit(entry: Entry, event: ActivityEvent): void {
    const { events } = entry;
    const last = events.at(-1);
    const numbered = { seq: entry.nextSeq++, event };
    // a progress replaces the one before it: the list stays as long as what happened
    if (last && replaces(event, last.event)) events[events.length - 1] = numbered;
    else events.push(numbered);
    if (event.type === 'signal') forgetOldSignal(events);
    if (events.length > KEPT_EVENTS + FORGOTTEN_AT_ONCE) entry.events = forgetOldStream(events);
    for (const listener of entry.listeners) listener([numbered]);
  }

  #update(entry: Entry, change: Partial<Activity>): void {
    entry.activity = { ...entry.activity, ...change };
    this.#changed();
  }

  #changed(): void {
    const list = this.list();
    for (const listener of this.#listeners) listener(list);
  }

  #forgetOld(): void {
    const ended = [...this.#entries.values()].filter((e) => e.activity.state === 'ended');
    for (const old of ended.slice(0, Math.max(0, ended.length - KEPT_ENDED)))
      this.#entries.delete(old.activity.id);
  }
}

function replaces(next: ActivityEvent, last: ActivityEvent): boolean {
  if (next.type === 'record') return last.type === 'record';
  if (next.type === 'stream')
    return last.type === 'stream' && next.event.type === 'progress' && last.event.type === 'progress';
  return (
    next.type === 'run' &&
    last.type === 'run' &&
    next.event.type === 'progress' &&
    last.event.type === 'progress'
  );
}

/** Of the samples of a stream, in events: five minutes. */
const KEPT_SIGNAL = 1200;

function forgetOldSignal(events: NumberedActivityEvent[]): void {
  let kept = 0;
  for (let i = events.length - 1; i >= 0; i--)
    if (events[i]!.event.type === 'signal' && ++kept > KEPT_SIGNAL) events.splice(i, 1);
}

/** Of an activity that goes on for hours; what a stream has measured is in the database, all of it. */
export const KEPT_EVENTS = 10_000;
/** Not one by one: each time all events are gone through. */
const FORGOTTEN_AT_ONCE = 1000;

function forgetOldStream(events: readonly NumberedActivityEvent[]): NumberedActivityEvent[] {
  let excess = events.length - KEPT_EVENTS;
  return events.filter(({ event }) => {
    if (excess <= 0 || event.type !== 'stream' || event.event.type === 'started') return true;
    excess--;
    return false;
  });
}

function noActivity(id: number): Failure {
  return fail(
    'bench.no-activity',
    { id },
    'It ended a while ago, or the bench was started again since.',
    'Look at the results: whatever was measured is kept.',
  );
}
