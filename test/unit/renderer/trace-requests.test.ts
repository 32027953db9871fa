import { describe, expect, it } from 'vitest';
import { fail, ok, type Result } from '../../../src-main/base/errors.ts';
import { RequestLane } from '../../../src-renderer/charts/trace/request-lane.ts';

interface Flight {
  readonly key: number;
  readonly signal: AbortSignal;
  readonly land: (result: Result<string>) => void;
}

function laneOf(useless?: (flying: number, wanted: number) => boolean) {
  const flights: Flight[] = [];
  const arrived: [number, string][] = [];
  const lane = new RequestLane<number, string>({
    same: (a, b) => a === b,
    ...(useless ? { useless } : {}),
    arrived: (result, key) => arrived.push([key, result.ok ? result.value : result.id]),
  });
  const want = (key: number) =>
    lane.want(key, (signal) => {
      return new Promise((resolve) => {
        const flight = { key, signal, land: resolve };
        flights.push(flight);
        signal.addEventListener('abort', () => resolve(fail('bench.cancelled', {}, '', '')));
      });
    });
  const settle = () => new Promise((resolve) => setImmediate(resolve));
  return { lane, want, flights, arrived, settle };
}

describe('a lane of requests', () => {
  it('has one on its way, and of those that wait only the newest', async () => {
    const { want, flights, arrived, settle } = laneOf();
    for (let key = 1; key <= 50; key++) want(key);
    expect(flights.map((f) => f.key)).toEqual([1]);
    flights[0]!.land(ok('one'));
    await settle();
    expect(flights.map((f) => f.key)).toEqual([1, 50]);
    flights[1]!.land(ok('fifty'));
    await settle();
    expect(arrived).toEqual([
      [1, 'one'],
      [50, 'fifty'],
    ]);
  });

  it('does not ask again for what is on its way', async () => {
    const { want, flights, settle } = laneOf();
    want(1);
    want(2);
    want(1);
    flights[0]!.land(ok('one'));
    await settle();
    expect(flights).toHaveLength(1);
  });

  it('cancels an answer that has become useless, tells nobody of it and asks the next', async () => {
    const { want, flights, arrived, settle } = laneOf((flying, wanted) => Math.abs(flying - wanted) > 10);
    want(1);
    want(5);
    expect(flights[0]!.signal.aborted).toBe(false);
    want(100);
    expect(flights[0]!.signal.aborted).toBe(true);
    await settle();
    expect(flights.map((f) => f.key)).toEqual([1, 100]);
    flights[1]!.land(ok('hundred'));
    await settle();
    expect(arrived).toEqual([[100, 'hundred']]);
  });

  it('goes on after a failure, and says nothing once it is closed', async () => {
    const { lane, want, flights, arrived, settle } = laneOf();
    want(1);
    flights[0]!.land(fail('trace.damaged', {}, '', ''));
    await settle();
    want(2);
    lane.close();
    await settle();
    want(3);
    await settle();
    expect(arrived).toEqual([[1, 'trace.damaged']]);
    expect(flights).toHaveLength(2);
  });
});
