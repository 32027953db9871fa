/** Any monitor's twin on a link in virtual time, for tests: time moves while the near side waits, the load follows a script. */
import type { Clock } from '../../../src-main/base/clock.ts';
import { ok, type Result } from '../../../src-main/base/errors.ts';
import type { Link, LinkRead, ReadRequest } from '../../../src-main/link/link.ts';
import type { MonitorTwin } from '../../../src-main/sim/parts.ts';
import { WorldIntegral } from '../../../src-main/sim/world-integral.ts';
import type { Step } from './ppk2-bench.ts';

export interface TwinBench {
  readonly link: Link;
  readonly clock: Clock;
  readonly truth: WorldIntegral;
  /** The load begins now; before, nothing flows. Times of its steps count from here. */
  begin(load: readonly Step[]): void;
  /** When the load began, virtual µs. */
  readonly beganUs: () => number;
  unplug(): void;
}

const TICK_US = 2000;

export function twinBench(twin: MonitorTwin, options: { readonly deterministic?: boolean } = {}): TwinBench {
  const truth = new WorldIntegral();
  let nowUs = 0;
  let startUs = Infinity;
  let load: readonly Step[] = [];
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
    address: 'test:twin',
    clock,
    deterministic: options.deterministic ?? true,
    async write(bytes): Promise<Result<void>> {
      if (!closed) twin.receive(bytes);
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
    clock,
    truth,
    begin(steps) {
      load = steps;
      nextStep = 0;
      startUs = nowUs;
      advance(nowUs);
    },
    beganUs: () => startUs,
    unplug() {
      twin.unplug();
      closed = { reason: 'device gone', expected: false };
      wake?.();
    },
  };
}
