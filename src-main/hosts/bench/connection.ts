import { ClientMessage, type BenchMessage, type PacedChannel } from '../../contract/bench/messages.ts';
import { failureDto } from '../../core/trace-views.ts';
import { fail, type Failure } from '../../base/errors.ts';
import { CROWDED_BYTES, PacedEvents } from './paced-events.ts';
import type { BenchService } from './service.ts';

/** Requests of one page that may be on their way at once; more are refused, not queued. */
const MAX_PENDING = 64;
const MAX_SUBSCRIPTIONS = 64;

interface Subscription {
  readonly events: PacedEvents;
  readonly end: Disposable;
}

/**
 * Answers one page over its channel until that closes. What the page began goes on without it. A page that does not read
 * is asked for nothing more: its requests are refused, its events are held as one, and when even that is too much it is
 * closed; it may come again and catch up.
 */
export function serveConnection(
  service: Pick<BenchService, 'request' | 'subscribe'>,
  channel: PacedChannel,
): void {
  const pending = new Set<number>();
  const subscriptions = new Map<number, Subscription>();
  let open = true;

  const send = (message: BenchMessage): void => {
    if (open) channel.send(message);
  };
  const refuse = (id: number, failure: Failure): void =>
    send({ type: 'failure', id, failure: failureDto(failure) });

  const request = async (id: number, method: string, input: unknown): Promise<void> => {
    const crowded = channel.waitingBytes >= CROWDED_BYTES;
    if (pending.has(id) || pending.size >= MAX_PENDING || crowded) return refuse(id, tooMany('requests'));
    pending.add(id);
    const result = await service.request(method, input);
    // a cancelled one was taken out already: nobody waits for it
    if (!pending.delete(id)) return;
    if (result.ok) send({ type: 'answer', id, value: result.value });
    else refuse(id, result);
  };

  const subscribe = (id: number, topic: string, input: unknown): void => {
    if (subscriptions.has(id) || subscriptions.size >= MAX_SUBSCRIPTIONS)
      return refuse(id, tooMany('subscriptions'));
    const events = new PacedEvents(channel, topic, (value) => send({ type: 'event', id, value }));
    const end = service.subscribe(topic, input, (value) => events.tell(value));
    if (end.ok) subscriptions.set(id, { events, end: end.value });
    else refuse(id, end);
  };

  channel.onMessage((raw) => {
    const parsed = ClientMessage.safeParse(raw);
    // who does not speak the contract is not a page of ours
    if (!parsed.success) return channel.close();
    const message = parsed.data;
    switch (message.type) {
      case 'request':
        void request(message.id, message.method, message.input);
        return;
      case 'cancel':
        pending.delete(message.id);
        return;
      case 'subscribe':
        subscribe(message.id, message.topic, message.input);
        return;
      case 'unsubscribe':
        subscriptions.get(message.id)?.end[Symbol.dispose]();
        subscriptions.delete(message.id);
        return;
    }
  });
  channel.onProgress(() => {
    for (const { events } of subscriptions.values()) events.flush();
  });
  channel.onClose(() => {
    open = false;
    for (const { end } of subscriptions.values()) end[Symbol.dispose]();
    subscriptions.clear();
    pending.clear();
  });
}

function tooMany(what: string): Failure {
  return fail(
    'bench.too-many-requests',
    { what },
    'The page asks for more at once than it can use.',
    'Wait a moment; load the page again if it stays so.',
  );
}
