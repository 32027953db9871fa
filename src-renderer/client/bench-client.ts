import type { BenchMessage, Channel } from '../../src-main/contract/bench/messages.ts';
import type {
  MethodInput,
  MethodName,
  MethodOutput,
  TopicEvent,
  TopicInput,
  TopicName,
} from '../../src-main/contract/bench/methods.ts';
import { fail, ok, type Failure, type Result } from '../../src-main/base/errors.ts';

interface Waiting {
  readonly resolve: (result: Result<unknown>) => void;
}

interface Subscribed {
  readonly topic: string;
  readonly input: unknown;
  readonly tell: (event: unknown) => void;
  readonly refused: (failure: Failure) => void;
}

/** The bench as a page sees it: requests and subscriptions over a channel. A lost channel fails what waits. */
export class BenchClient {
  readonly #channel: Channel;
  readonly #waiting = new Map<number, Waiting>();
  readonly #subscribed = new Map<number, Subscribed>();
  #nextId = 1;
  #open = true;

  constructor(channel: Channel) {
    this.#channel = channel;
    channel.onMessage((message) => this.#take(message as BenchMessage));
    channel.onClose(() => this.#lost());
  }

  get open(): boolean {
    return this.#open;
  }

  /** `bench.connection-lost` when the bench goes away before it answers; `signal` gives up waiting with `bench.cancelled`. */
  request<M extends MethodName>(
    method: M,
    input: MethodInput<M>,
    signal?: AbortSignal,
  ): Promise<Result<MethodOutput<M>>> {
    if (!this.#open) return Promise.resolve(connectionLost());
    if (signal?.aborted) return Promise.resolve(cancelled());
    const id = this.#nextId++;
    return new Promise((resolve) => {
      const giveUp = () => {
        if (!this.#waiting.delete(id)) return;
        this.#channel.send({ type: 'cancel', id });
        resolve(cancelled());
      };
      signal?.addEventListener('abort', giveUp, { once: true });
      this.#waiting.set(id, {
        resolve: (result) => {
          signal?.removeEventListener('abort', giveUp);
          resolve(result as Result<MethodOutput<M>>);
        },
      });
      this.#channel.send({ type: 'request', id, method, input });
    });
  }

  /** Tells what is, then what changes, until the returned function is called. `refused` also when the connection is lost. */
  subscribe<T extends TopicName>(
    topic: T,
    input: TopicInput<T>,
    tell: (event: TopicEvent<T>) => void,
    refused: (failure: Failure) => void = () => {},
  ): () => void {
    const id = this.#nextId++;
    if (!this.#open) {
      refused(connectionLost());
      return () => {};
    }
    this.#subscribed.set(id, { topic, input, tell: tell as (event: unknown) => void, refused });
    this.#channel.send({ type: 'subscribe', id, topic, input });
    return () => {
      if (this.#subscribed.delete(id) && this.#open) this.#channel.send({ type: 'unsubscribe', id });
    };
  }

  close(): void {
    this.#channel.close();
  }

  #take(message: BenchMessage): void {
    switch (message.type) {
      case 'answer':
        this.#settle(message.id, ok(message.value));
        return;
      case 'event':
        this.#subscribed.get(message.id)?.tell(message.value);
        return;
      case 'failure': {
        const failure: Failure = { ok: false, ...message.failure };
        this.#settle(message.id, failure);
        const subscribed = this.#subscribed.get(message.id);
        this.#subscribed.delete(message.id);
        subscribed?.refused(failure);
        return;
      }
    }
  }

  #settle(id: number, result: Result<unknown>): void {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    waiting?.resolve(result);
  }

  #lost(): void {
    this.#open = false;
    for (const { resolve } of this.#waiting.values()) resolve(connectionLost());
    this.#waiting.clear();
    const subscribed = [...this.#subscribed.values()];
    this.#subscribed.clear();
    for (const { refused } of subscribed) refused(connectionLost());
  }
}

function connectionLost(): Failure {
  return fail(
    'bench.connection-lost',
    {},
    'The bench was stopped, or the connection to it is gone.',
    'Start it again; the page connects by itself.',
  );
}

function cancelled(): Failure {
  return fail('bench.cancelled', {}, 'It was no longer wanted.', 'Ask again.');
}
