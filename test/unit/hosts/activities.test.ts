/** What goes on in the bench is told to whoever comes, and its memory stays small however long it goes on. */
import { describe, expect, it } from 'vitest';
import { fail, ok, orThrow } from '../../../src-main/base/errors.ts';
import type { ActivityEvent, NumberedActivityEvent } from '../../../src-main/contract/bench/activity.ts';
import { Activities, KEPT_EVENTS } from '../../../src-main/hosts/bench/activities.ts';

const started = { type: 'stream', event: { type: 'started', streamId: 1 } } as unknown as ActivityEvent;
const windowAt = (index: number) =>
  ({ type: 'stream', event: { type: 'window', window: { index } } }) as unknown as ActivityEvent;
const progress = (text: string) =>
  ({ type: 'stream', event: { type: 'progress', text } }) as unknown as ActivityEvent;

function begin(activities: Activities) {
  let emit: (event: ActivityEvent) => void = () => {};
  let end = (): void => {};
  const activity = activities.start({
    kind: 'stream',
    title: 'A stream',
    cli: 'microjoule stream',
    work: (c) => {
      emit = c.emit;
      return new Promise((resolve) => {
        end = () => resolve(ok());
        c.signal.addEventListener('abort', () => resolve(fail('stream.interrupted', {}, '', '')));
      });
    },
  });
  return { id: activity.id, emit: (event: ActivityEvent) => emit(event), end: () => end() };
}

function heardBy(activities: Activities, id: number, afterSeq = 0): NumberedActivityEvent[] {
  const heard: NumberedActivityEvent[] = [];
  using _ = orThrow(activities.watch(id, afterSeq, (events) => heard.push(...events)));
  return heard;
}

describe('an activity', () => {
  it('that goes on for hours keeps its beginning and its newest events', async () => {
    await using activities = new Activities(() => '2030-01-01T00:00:00.000Z');
    const { id, emit } = begin(activities);
    emit(started);
    for (let i = 0; i < 200_000; i++) emit(windowAt(i));
    const heard = heardBy(activities, id);
    expect(heard.length).toBeLessThanOrEqual(KEPT_EVENTS + 1001);
    expect(heard[0]).toEqual({ seq: 1, event: started });
    expect(heard.at(-1)).toEqual({ seq: 200_001, event: windowAt(199_999) });
    expect(heardBy(activities, id, 200_000)).toHaveLength(1);
  });

  it('keeps of its progress the newest only', async () => {
    await using activities = new Activities(() => '2030-01-01T00:00:00.000Z');
    const { id, emit } = begin(activities);
    for (let i = 0; i < 100; i++) emit(progress(String(i)));
    expect(heardBy(activities, id)).toEqual([{ seq: 100, event: progress('99') }]);
  });

  it('that ended is told once more, and the list never holds more of them than are kept', async () => {
    await using activities = new Activities(() => '2030-01-01T00:00:00.000Z');
    const lists: number[] = [];
    using _ = activities.watchList((list) => lists.push(list.length));
    for (let i = 0; i < 30; i++) {
      begin(activities).end();
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(lists.at(-1)).toBe(activities.list().length);
    expect(activities.list().map((a) => a.id)).toEqual(Array.from({ length: 20 }, (_, i) => i + 11));
  });

  it('is stopped when the bench is closed, which waits for its end', async () => {
    const activities = new Activities(() => '2030-01-01T00:00:00.000Z');
    begin(activities);
    await activities[Symbol.asyncDispose]();
    expect(activities.list()).toMatchObject([{ state: 'ended', failure: { id: 'stream.interrupted' } }]);
  });

  it('that ended long ago is forgotten, the newest twenty are not', async () => {
    await using activities = new Activities(() => '2030-01-01T00:00:00.000Z');
    for (let i = 0; i < 25; i++) {
      const { end } = begin(activities);
      end();
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(activities.list().map((a) => a.id)).toEqual(Array.from({ length: 20 }, (_, i) => i + 6));
    expect(activities.watch(1, 0, () => {})).toMatchObject({ ok: false, id: 'bench.no-activity' });
  });
});
