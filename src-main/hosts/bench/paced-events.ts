import type { PacedChannel } from '../../contract/bench/messages.ts';
import type { TopicEvent, TopicName } from '../../contract/bench/methods.ts';

/** A page with so much before it is sent no more events, only their sum when it has read. */
export const BUSY_BYTES = 1024 * 1024;
/** A page with so much before it may ask for nothing more. */
export const CROWDED_BYTES = 8 * 1024 * 1024;
/** Failures are answered whatever waits: a page that lets so much pile up is lost. */
const LOST_BYTES = 64 * 1024 * 1024;
/** Events of an activity that are held for a page; one that is further behind reads them from the activity's own list. */
const MAX_HELD_EVENTS = 2000;

/** What two events of a topic are as one; null when that would be too much. */
const merges: {
  readonly [T in TopicName]: (held: TopicEvent<T>, next: TopicEvent<T>) => TopicEvent<T> | null;
} = {
  activities: (_held, next) => next,
  activity: (held, next) => (held.length + next.length > MAX_HELD_EVENTS ? null : [...held, ...next]),
};

/** The events of one subscription, as fast as the page reads them. */
export class PacedEvents {
  readonly #channel: PacedChannel;
  readonly #merge: (held: unknown, next: unknown) => unknown;
  readonly #send: (value: unknown) => void;
  #held: unknown = null;

  constructor(channel: PacedChannel, topic: string, send: (value: unknown) => void) {
    this.#channel = channel;
    // a topic that is not of the contract has no events: it is refused when it is subscribed to
    this.#merge = (Object.hasOwn(merges, topic) ? merges[topic as TopicName] : () => null) as (
      held: unknown,
      next: unknown,
    ) => unknown;
    this.#send = send;
  }

  tell(value: unknown): void {
    const { waitingBytes } = this.#channel;
    if (waitingBytes >= LOST_BYTES) return this.#channel.close();
    if (this.#held === null && waitingBytes < BUSY_BYTES) return this.#send(value);
    const merged = this.#held === null ? value : this.#merge(this.#held, value);
    if (merged === null) return this.#channel.close();
    this.#held = merged;
  }

  /** Sends what is held once the page has read. */
  flush(): void {
    if (this.#held === null || this.#channel.waitingBytes >= BUSY_BYTES) return;
    const held = this.#held;
    this.#held = null;
    this.#send(held);
  }
}
