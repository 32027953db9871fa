/** One contract, three carriers: whatever a page asks, it gets the same over each. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { join } from 'node:path';
import { fail, ok, orThrow, type Result } from '../../src-main/base/errors.ts';
import type { ActivityEvent, NumberedActivityEvent } from '../../src-main/contract/bench/activity.ts';
import { benchMethods, topics, type MethodName } from '../../src-main/contract/bench/methods.ts';
import { createCore, type Core } from '../../src-main/core.ts';
import type { BenchService } from '../../src-main/hosts/bench/service.ts';
import { productBench } from '../../src-main/hosts/product-bench.ts';
import { BenchClient } from '../../src-renderer/client/bench-client.ts';
import { scratch } from '../e2e/cli-process.ts';
import { carriers, type Carrier, type Service } from './bench-carriers.ts';

/** A service that answers what the test gives it. */
class Scripted implements Service {
  readonly asked: { readonly method: string; readonly input: unknown }[] = [];
  answer: (method: string, input: unknown) => Promise<Result<unknown>> | Result<unknown> = (_method, input) =>
    ok(input);
  readonly listeners = new Set<(event: unknown) => void>();

  async request(method: string, input: unknown): Promise<Result<unknown>> {
    this.asked.push({ method, input });
    return this.answer(method, input);
  }

  subscribe(topic: string, _input: unknown, tell: (event: unknown) => void): Result<Disposable> {
    if (topic === 'none') return fail('bench.no-method', { method: topic }, 'There is none.', 'Ask another.');
    this.listeners.add(tell);
    tell(['now']);
    return ok({ [Symbol.dispose]: () => this.listeners.delete(tell) });
  }

  tell(event: unknown): void {
    for (const listener of this.listeners) listener(event);
  }
}

/** The contract's names are of no interest to a carrier. */
const anyMethod = (client: BenchClient) =>
  client.request.bind(client) as unknown as (
    method: string,
    input: unknown,
    signal?: AbortSignal,
  ) => Promise<Result<unknown>>;
const anyTopic = (client: BenchClient) =>
  client.subscribe.bind(client) as unknown as (
    topic: string,
    input: unknown,
    tell: (event: unknown) => void,
    refused?: (failure: { readonly id: string }) => void,
  ) => () => void;

const checked = (seen: string): ActivityEvent => ({
  type: 'check',
  step: { id: 'ping', state: 'passed', seen, failure: null },
});

async function until(met: () => boolean): Promise<void> {
  while (!met()) await new Promise((resolve) => setImmediate(resolve));
}

describe.each(carriers)('carrier: $name', ({ open }) => {
  let service: Scripted;
  let carrier: Carrier;
  let clients: BenchClient[];
  const page = async () => {
    const client = new BenchClient(await carrier.connect());
    clients.push(client);
    return client;
  };
  beforeEach(async () => {
    clients = [];
    service = new Scripted();
    carrier = await open(service);
  });
  afterEach(async () => {
    for (const client of clients) client.close();
    await carrier[Symbol.asyncDispose]();
  });

  it('carries values and typed arrays both ways, equal to the last bit', async () => {
    const bytes = Uint8Array.from({ length: 100_003 }, (_, i) => (i * 7) & 255);
    const sent = {
      text: 'µJ ☃ \u0000 "quoted" \\ 𝄞',
      numbers: [0, -1.5, 1e-308, 2 ** 53 - 1, NaN, Infinity, -Infinity],
      nothing: null,
      yes: true,
      deep: [[[{ a: { b: [] } }]]],
      bytes,
      part: bytes.subarray(3, 20),
      empty: new Float64Array(0),
      i8: Int8Array.of(-128, 127),
      i16: Int16Array.of(-32768, 1),
      u16: Uint16Array.of(65535),
      i32: Int32Array.of(-(2 ** 31)),
      u32: Uint32Array.of(2 ** 32 - 1),
      f32: Float32Array.of(NaN, 1e-45, -0, Infinity),
      f64: Float64Array.of(NaN, 5e-324, -0, -Infinity, Math.PI),
    };
    const back = orThrow(await anyMethod(await page())('echo', sent));
    expect(back).toEqual(sent);
    expect(service.asked[0]!.input).toEqual(sent);
    expect(Object.is((back as typeof sent).f64[2], -0)).toBe(true);
    expect((back as typeof sent).bytes).toBeInstanceOf(Uint8Array);
  });

  it('carries a failure whole', async () => {
    const failure = fail('device.no-reply', { port: '/dev/x', waitedMs: 2000 }, 'No power.', 'Press reset.');
    service.answer = () => failure;
    expect(await anyMethod(await page())('any', {})).toEqual(failure);
  });

  it('answers in order, and each request once', async () => {
    const client = await page();
    const ended: number[] = [];
    await Promise.all(
      Array.from({ length: 60 }, async (_, i) => {
        expect(await anyMethod(client)('echo', i)).toEqual(ok(i));
        ended.push(i);
      }),
    );
    expect(ended).toEqual(Array.from({ length: 60 }, (_, i) => i));
  });

  it('refuses more requests at once than a page can use, and goes on', async () => {
    const client = await page();
    let release = (): void => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    service.answer = () => held.then(() => ok(1));
    const many = Array.from({ length: 70 }, () => anyMethod(client)('slow', {}));
    await until(() => service.asked.length === 64);
    release();
    const ids = (await Promise.all(many)).map((r) => (r.ok ? 'ok' : r.id));
    expect(ids.filter((id) => id === 'ok')).toHaveLength(64);
    expect(ids.filter((id) => id === 'bench.too-many-requests')).toHaveLength(6);
    service.answer = () => ok(2);
    expect(await anyMethod(client)('again', {})).toEqual(ok(2));
  });

  it('stops waiting when the page no longer wants it', async () => {
    const client = await page();
    const abort = new AbortController();
    let release = (): void => {};
    service.answer = (method) =>
      method === 'slow' ? new Promise((resolve) => (release = () => resolve(ok('late')))) : ok('next');
    const slow = anyMethod(client)('slow', {}, abort.signal);
    await until(() => service.asked.length === 1);
    abort.abort();
    expect(await slow).toMatchObject({ ok: false, id: 'bench.cancelled' });
    release();
    expect(await anyMethod(client)('other', {})).toEqual(ok('next'));
  });

  it('tells a subscription what is, then what changes, in order, until it ends', async () => {
    const client = await page();
    const heard: unknown[] = [];
    const end = anyTopic(client)('activity', {}, (event) => heard.push(event));
    await until(() => heard.length === 1);
    for (let i = 0; i < 500; i++) service.tell([i]);
    await until(() => heard.length === 501);
    expect(heard).toEqual([['now'], ...Array.from({ length: 500 }, (_, i) => [i])]);
    end();
    await until(() => service.listeners.size === 0);
  });

  it('says that a subscription is refused', async () => {
    const client = await page();
    const refused = new Promise<{ readonly id: string }>((resolve) =>
      anyTopic(client)('none', {}, () => {}, resolve),
    );
    expect((await refused).id).toBe('bench.no-method');
  });

  it('serves two pages at once, each its own', async () => {
    const [a, b] = [await page(), await page()];
    const heard: [unknown[], unknown[]] = [[], []];
    anyTopic(a)('activity', {}, (event) => heard[0].push(event));
    anyTopic(b)('activity', {}, (event) => heard[1].push(event));
    await until(() => service.listeners.size === 2);
    const answers = await Promise.all([anyMethod(a)('echo', 'a'), anyMethod(b)('echo', 'b')]);
    expect(answers).toEqual([ok('a'), ok('b')]);
    service.tell([1]);
    await until(() => heard[0].length === 2 && heard[1].length === 2);
    a.close();
    await until(() => service.listeners.size === 1);
    service.tell([2]);
    await until(() => heard[1].length === 3);
    expect(heard[0]).toEqual([['now'], [1]]);
    expect(await anyMethod(b)('echo', 'still')).toEqual(ok('still'));
  });

  it('fails what waits when the page closes the connection', async () => {
    const client = await page();
    service.answer = () => new Promise(() => {});
    const waiting = anyMethod(client)('slow', {});
    await until(() => service.asked.length === 1);
    client.close();
    expect(await waiting).toMatchObject({ ok: false, id: 'bench.connection-lost' });
    expect(await anyMethod(client)('later', {})).toMatchObject({ ok: false, id: 'bench.connection-lost' });
    expect(client.open).toBe(false);
  });

  it.each([
    ['a number', 7],
    ['null', null],
    ['another kind of message', { type: 'answer', id: 1, value: 1 }],
    ['a request without id', { type: 'request', method: 'x', input: 1 }],
    ['an id that is no count', { type: 'request', id: -1, method: 'x', input: 1 }],
    ['a name of any length', { type: 'request', id: 1, method: 'x'.repeat(65), input: 1 }],
  ])('ends the connection of who sends %s', async (_what, message) => {
    const channel = await carrier.connect();
    const closed = new Promise<void>((resolve) => channel.onClose(resolve));
    channel.send(message);
    await closed;
    expect(service.asked).toEqual([]);
    expect(await anyMethod(await page())('echo', 1)).toEqual(ok(1));
  });
});

describe.each(carriers)('the real bench over: $name', ({ open }) => {
  const { dir, remove } = scratch();
  let core: Core;
  let service: BenchService;
  let carrier: Carrier;
  let client: BenchClient;
  beforeEach(async () => {
    core = orThrow(await createCore({ dbPath: join(dir, 'bench.db') }));
    service = productBench(core, 'in-process');
    carrier = await open(service);
    client = new BenchClient(await carrier.connect());
  });
  afterEach(async () => {
    client.close();
    await carrier[Symbol.asyncDispose]();
    await service[Symbol.asyncDispose]();
    await core[Symbol.asyncDispose]();
    remove();
  });

  it('parses the input of every method and topic', async () => {
    for (const method of Object.keys(benchMethods) as MethodName[])
      for (const input of [null, 7, 'text', [1]]) {
        const answer = await anyMethod(client)(method, input);
        expect([method, answer.ok ? 'ok' : answer.id]).toEqual([method, 'bench.bad-input']);
      }
    for (const topic of Object.keys(topics)) {
      const refused = new Promise<{ readonly id: string }>((resolve) =>
        anyTopic(client)(topic, null, () => {}, resolve),
      );
      expect([topic, (await refused).id]).toEqual([topic, 'bench.bad-input']);
    }
  });

  it('knows no other method, whatever JavaScript calls it', async () => {
    for (const method of ['', 'nothing', 'constructor', '__proto__', 'toString', 'hasOwnProperty'])
      expect(await anyMethod(client)(method, {})).toMatchObject({ ok: false, id: 'bench.no-method' });
  });

  it('takes no path for a trace', async () => {
    const names = ['/etc/passwd', '../bench.db', join(dir, 'bench.db'), 'bench.db', '.', ''];
    for (const trace of names) {
      const answer = await anyMethod(client)('traces.info', { trace });
      expect([trace, answer.ok ? 'ok' : answer.id]).toEqual([
        trace,
        trace === '' ? 'bench.bad-input' : 'trace.not-known',
      ]);
    }
  });

  it('gives a failure as the core gives it', async () => {
    expect(await client.request('runs.get', { runId: 999 })).toEqual(core.result(999));
  });

  it('replays an activity to a page that comes later, and the activity goes on when its page leaves', async () => {
    let emit = (_text: string): void => {};
    let finish = (): void => {};
    const activity = service.activities.start({
      kind: 'check',
      title: 'A check',
      cli: 'microjoule check',
      work: (c) => {
        emit = (text) => c.emit(checked(text));
        return new Promise((resolve) => (finish = () => resolve(ok())));
      },
    });
    const heard: NumberedActivityEvent[] = [];
    emit('one');
    client.subscribe('activity', { id: activity.id }, (events) => heard.push(...events));
    await until(() => heard.length === 1);
    emit('two');
    await until(() => heard.length === 2);
    client.close();
    emit('three');
    const later = new BenchClient(await carrier.connect());
    const replayed: NumberedActivityEvent[] = [];
    later.subscribe('activity', { id: activity.id, afterSeq: 1 }, (events) => replayed.push(...events));
    await until(() => replayed.length === 2);
    emit('four');
    await until(() => replayed.length === 3);
    expect(replayed.map((e) => [e.seq, e.event])).toEqual([
      [2, checked('two')],
      [3, checked('three')],
      [4, checked('four')],
    ]);
    const states: string[] = [];
    later.subscribe('activities', {}, (list) => states.push(list[0]!.state));
    await until(() => states.length === 1);
    finish();
    await until(() => states.includes('ended'));
    later.close();
  });
});
