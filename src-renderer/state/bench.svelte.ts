import { openChannel } from '../client/open-channel.ts';
import { BenchClient } from '../client/bench-client.ts';
import type { Activity, NumberedActivityEvent } from '../../src-main/contract/bench/activity.ts';
import type {
  MethodInput,
  MethodName,
  MethodOutput,
  TopicEvent,
  TopicInput,
  TopicName,
} from '../../src-main/contract/bench/methods.ts';
import type { Channel } from '../../src-main/contract/bench/messages.ts';
import { fail, type Result } from '../../src-main/base/errors.ts';

const RETRY_MS = [250, 500, 1000, 2000, 4000];

/**
 * The bench of this page: one client, connected again when it is lost. Subscriptions outlive the connection: they are made
 * again on the next one. `open` makes a channel (WebSocket, MessagePort) or rejects.
 */
class Bench {
  connection = $state<'connecting' | 'open' | 'lost'>('connecting');
  /** What goes on or ended a while ago, newest last. */
  activities = $state.raw<readonly Activity[]>([]);
  #client: BenchClient | null = null;
  #open: () => Promise<Channel>;
  readonly #subscriptions = new Set<{ begin: (client: BenchClient) => void }>();

  constructor(open: () => Promise<Channel>) {
    this.#open = open;
    this.subscribe('activities', {}, (list) => (this.activities = list));
    void this.#connect();
  }

  async request<M extends MethodName>(
    method: M,
    input: MethodInput<M>,
    signal?: AbortSignal,
  ): Promise<Result<MethodOutput<M>>> {
    if (this.#client?.open) return this.#client.request(method, input, signal);
    return fail(
      'bench.connection-lost',
      {},
      'The bench does not answer.',
      'Start it again; the page connects by itself.',
    );
  }

  /** Tells what is, then what changes, over lost connections too, until the returned function is called. */
  subscribe<T extends TopicName>(
    topic: T,
    input: TopicInput<T> | (() => TopicInput<T>),
    tell: (event: TopicEvent<T>) => void,
  ): () => void {
    let end = (): void => {};
    const entry = {
      begin: (client: BenchClient): void => {
        end = client.subscribe(topic, typeof input === 'function' ? input() : input, tell);
      },
    };
    this.#subscriptions.add(entry);
    if (this.#client?.open) entry.begin(this.#client);
    return () => {
      this.#subscriptions.delete(entry);
      end();
    };
  }

  /** The events of an activity, each once. */
  watch(id: number, tell: (event: NumberedActivityEvent) => void): () => void {
    let afterSeq = 0;
    return this.subscribe(
      'activity',
      () => ({ id, afterSeq }),
      (events) => {
        for (const event of events) {
          afterSeq = Math.max(afterSeq, event.seq);
          tell(event);
        }
      },
    );
  }

  async #connect(): Promise<void> {
    for (let attempt = 0; ; attempt++) {
      try {
        const channel = await this.#open();
        this.#client = new BenchClient(channel);
        channel.onClose(() => {
          this.connection = 'lost';
          void this.#connect();
        });
        this.connection = 'open';
        for (const { begin } of this.#subscriptions) begin(this.#client);
        return;
      } catch {
        this.connection = 'lost';
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS[Math.min(attempt, RETRY_MS.length - 1)]));
      }
    }
  }
}

export type { Bench };

/** The page's only bench. */
export const bench = new Bench(openChannel);
