/** A page that does not read costs the bench nothing: what waits for it is bounded, and it catches up when it reads. */
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { ok, type Result } from '../../../src-main/base/errors.ts';
import type { BenchMessage, PacedChannel } from '../../../src-main/contract/bench/messages.ts';
import { approximateBytes } from '../../../src-main/contract/bench/port-frames.ts';
import { serveConnection } from '../../../src-main/hosts/bench/connection.ts';
import { BUSY_BYTES, CROWDED_BYTES } from '../../../src-main/hosts/bench/paced-events.ts';
import { portChannel } from '../../../src-main/hosts/bench/port-channel.ts';

/** A carrier whose page reads when the test says so. */
class SlowChannel implements PacedChannel {
  readonly sent: BenchMessage[] = [];
  readonly #progress: (() => void)[] = [];
  readonly #closes: (() => void)[] = [];
  #take: (message: unknown) => void = () => {};
  waitingBytes = 0;
  mostBytes = 0;
  closed = false;

  send(message: unknown): void {
    this.sent.push(message as BenchMessage);
    this.waitingBytes += approximateBytes(message);
    this.mostBytes = Math.max(this.mostBytes, this.waitingBytes);
  }
  onMessage(listener: (message: unknown) => void): void {
    this.#take = listener;
  }
  onClose(listener: () => void): void {
    this.#closes.push(listener);
  }
  onProgress(listener: () => void): void {
    this.#progress.push(listener);
  }
  close(): void {
    this.closed = true;
    for (const listener of this.#closes) listener();
  }
  /** From the page. */
  receive(message: unknown): void {
    this.#take(message);
  }
  read(): BenchMessage[] {
    this.waitingBytes = 0;
    const messages = this.sent.splice(0);
    for (const listener of this.#progress) listener();
    return messages;
  }
}

function benchOf(answer: () => Result<unknown> = () => ok(1)) {
  const listeners = new Map<string, (event: unknown) => void>();
  return {
    request: () => Promise.resolve(answer()),
    subscribe: (topic: string, _input: unknown, tell: (event: unknown) => void): Result<Disposable> => {
      listeners.set(topic, tell);
      return ok({ [Symbol.dispose]: () => listeners.delete(topic) });
    },
    tell: (topic: string, event: unknown) => listeners.get(topic)?.(event),
    listeners,
  };
}

const kilobyte = (seq: number) => ({ seq, event: { text: 'x'.repeat(512) } });
const values = (messages: readonly BenchMessage[]) =>
  messages.filter((m) => m.type === 'event').map((m) => m.value);
const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('a page that does not read', () => {
  it('is sent about a megabyte of events; the newest state is what it finds when it reads', () => {
    const bench = benchOf();
    const channel = new SlowChannel();
    serveConnection(bench, channel);
    channel.receive({ type: 'subscribe', id: 1, topic: 'activities', input: {} });
    for (let i = 0; i < 20_000; i++) bench.tell('activities', [kilobyte(i)]);
    expect(channel.mostBytes).toBeLessThan(BUSY_BYTES + 2048);
    channel.read();
    expect(values(channel.read())).toEqual([[kilobyte(19_999)]]);
    bench.tell('activities', []);
    expect(values(channel.read())).toEqual([[]]);
  });

  it('misses no event of an activity that it is not too far behind with', () => {
    const bench = benchOf();
    const channel = new SlowChannel();
    serveConnection(bench, channel);
    channel.receive({ type: 'subscribe', id: 1, topic: 'activity', input: {} });
    for (let i = 0; i < 2500; i++) bench.tell('activity', [kilobyte(i)]);
    expect(channel.mostBytes).toBeLessThan(BUSY_BYTES + 2048);
    const heard = [...channel.read(), ...channel.read()];
    expect((values(heard) as { seq: number }[][]).flat().map((e) => e.seq)).toEqual(
      Array.from({ length: 2500 }, (_, i) => i),
    );
    expect(channel.closed).toBe(false);
  });

  it('is closed when it is further behind than it pays to hold, and unsubscribed', () => {
    const bench = benchOf();
    const channel = new SlowChannel();
    serveConnection(bench, channel);
    channel.receive({ type: 'subscribe', id: 1, topic: 'activity', input: {} });
    for (let i = 0; i < 100_000; i++) bench.tell('activity', [kilobyte(i)]);
    expect(channel.closed).toBe(true);
    expect(bench.listeners.size).toBe(0);
    expect(channel.mostBytes).toBeLessThan(BUSY_BYTES + 2048);
  });

  it('is answered no more requests until it has read', async () => {
    const bench = benchOf(() => ok(new Uint8Array(1024 * 1024)));
    const channel = new SlowChannel();
    serveConnection(bench, channel);
    for (let id = 1; id <= 200; id++) {
      channel.receive({ type: 'request', id, method: 'big', input: {} });
      await settled();
    }
    expect(channel.mostBytes).toBeLessThan(CROWDED_BYTES + 2 * 1024 * 1024);
    const ids = channel.read().map((m) => (m.type === 'failure' ? m.failure.id : m.type));
    expect(new Set(ids)).toEqual(new Set(['answer', 'bench.too-many-requests']));
    channel.receive({ type: 'request', id: 201, method: 'big', input: {} });
    await settled();
    expect(channel.read().map((m) => m.type)).toEqual(['answer']);
  });
});

describe('a MessagePort', () => {
  it('knows what the page has taken, by its count', async () => {
    const { port1, port2 } = new MessageChannel();
    const channel = portChannel(port1);
    let progressed = 0;
    channel.onProgress(() => progressed++);
    for (let i = 0; i < 10; i++) channel.send({ n: i, bytes: new Uint8Array(1000) });
    expect(channel.waitingBytes).toBeGreaterThan(10_000);
    const each = channel.waitingBytes / 10;
    port2.postMessage({ taken: 4 });
    await until(() => progressed === 1);
    expect(channel.waitingBytes).toBeCloseTo(6 * each, 6);
    port2.postMessage({ taken: 1_000 });
    await until(() => progressed === 2);
    expect(channel.waitingBytes).toBe(0);
    channel.close();
  });

  it.each([
    ['nothing', undefined],
    ['a text', 'm'],
    ['an empty object', {}],
    ['a count that is none', { taken: 0 }],
    ['more fields than there are', { m: 1, taken: 1 }],
    ['a list', [1]],
  ])('is closed by a page that sends %s', async (_what, frame) => {
    const { port1, port2 } = new MessageChannel();
    const channel = portChannel(port1);
    const closed = new Promise<void>((resolve) => channel.onClose(resolve));
    port2.postMessage(frame);
    await closed;
    port2.close();
  });

  it('is closed once, whoever closes it, and sends nothing after', async () => {
    for (const close of [
      (page: MessagePort) => page.postMessage({ bye: true }),
      (page: MessagePort) => page.close(),
    ]) {
      const { port1, port2 } = new MessageChannel();
      const channel = portChannel(port1);
      let closes = 0;
      channel.onClose(() => closes++);
      close(port2);
      await until(() => closes > 0);
      channel.close();
      channel.send({ late: true });
      await settled();
      expect([closes, channel.waitingBytes]).toEqual([1, 0]);
      port2.close();
    }
  });
});

async function until(met: () => boolean): Promise<void> {
  while (!met()) await settled();
}
