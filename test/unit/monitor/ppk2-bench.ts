/** A PPK2 twin on a link in virtual time, for tests: time moves while the near side waits, the load follows a script. */
import type { Clock } from '../../../src-main/base/clock.ts';
import { ok, type Result } from '../../../src-main/base/errors.ts';
import type { Link, LinkRead, ReadRequest } from '../../../src-main/link/link.ts';
import {
  createPpk2Twin,
  type Ppk2Twin,
  type Ppk2TwinOptions,
} from '../../../src-main/sim/monitors/ppk2-twin.ts';
import { WorldIntegral } from '../../../src-main/sim/world-integral.ts';

export interface Step {
  readonly timeUs: number;
  readonly currentA: number;
  readonly logic: number;
}

export interface Ppk2Bench {
  readonly link: Link;
  readonly twin: Ppk2Twin;
  readonly truth: WorldIntegral;
  readonly clock: Clock;
  readonly power: { on: boolean; volts: number }[];
  /** Virtual time at which the twin began to stream. */
  readonly streamStartUs: () => number;
  unplug(): void;
}

const TICK_US = 2000;

/** The load's steps are relative to the start of the stream; before it the current is 0. */
export function ppk2Bench(load: readonly Step[], options: Ppk2TwinOptions = {}): Ppk2Bench {
  const power: { on: boolean; volts: number }[] = [];
  const twin = createPpk2Twin({
    power: { setPower: (on, volts) => void power.push({ on, volts }) },
    ...options,
  });
  const truth = new WorldIntegral();
  let nowUs = 0;
  let startUs = Infinity;
  let nextStep = 0;
  let closed: { reason: string; expected: boolean } | undefined;
  let queue: Uint8Array[] = [];
  let wake: (() => void) | undefined;

  const deliver = () => {
    const out = twin.takeOutput();
    if (out) queue.push(out);
    if (queue.length > 0 || closed) wake?.();
  };
  const advance = (toUs: number) => {
    while (nextStep < load.length && startUs + load[nextStep]!.timeUs <= toUs) {
      const s = load[nextStep++]!;
      truth.current(startUs + s.timeUs, s.currentA, s.logic);
      twin.current(startUs + s.timeUs, s.currentA, s.logic);
    }
    nowUs = Math.max(nowUs, toUs);
    twin.advanceTo(nowUs);
    deliver();
  };
  const settle = () => new Promise<void>((resolve) => setImmediate(resolve));
  const clock: Clock = {
    kind: 'virtual',
    nowUs: () => nowUs,
    async sleepUntilUs(deadlineUs, signal) {
      for (;;) {
        await settle();
        if (signal?.aborted || nowUs >= deadlineUs) return;
        advance(Math.min(deadlineUs, nowUs + TICK_US));
      }
    },
  };
  const take = (): LinkRead => {
    const bytes = Buffer.concat(queue);
    queue = [];
    return { kind: 'bytes', bytes };
  };
  const link: Link = {
    address: 'test:ppk2',
    clock,
    deterministic: true,
    async write(bytes): Promise<Result<void>> {
      twin.receive(bytes);
      if (twin.streaming && startUs === Infinity) {
        startUs = nowUs;
        advance(nowUs);
      }
      deliver();
      return ok();
    },
    async read(request: ReadRequest): Promise<LinkRead> {
      for (;;) {
        if (queue.length > 0) return take();
        if (closed) return { kind: 'closed', ...closed };
        if (request.deadlineUs === Infinity) {
          await new Promise<void>((resolve) => (wake = resolve));
          wake = undefined;
          continue;
        }
        if (nowUs >= request.deadlineUs) return { kind: 'timeout' };
        advance(Math.min(request.deadlineUs, nowUs + TICK_US));
        if (queue.length === 0) await settle();
      }
    },
    async setBaud() {
      return ok();
    },
    discardInput() {
      const n = queue.reduce((sum, q) => sum + q.length, 0);
      queue = [];
      return n;
    },
    async [Symbol.asyncDispose]() {
      closed ??= { reason: 'closed here', expected: true };
      wake?.();
    },
  };
  return {
    link,
    twin,
    truth,
    clock,
    power,
    streamStartUs: () => startUs,
    unplug() {
      closed = { reason: 'device gone', expected: false };
      wake?.();
    },
  };
}
