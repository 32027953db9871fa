import { ClientMessage, type BenchMessage, type Channel } from '../../contract/bench/messages.ts';
import { failureDto } from '../../core/trace-views.ts';
import { fail, type Failure } from '../../base/errors.ts';
import type { BenchService } from './service.ts';

/** Requests of one page that may be on their way at once; more are refused, not queued. */
const MAX_PENDING = 64;
const MAX_SUBSCRIPTIONS = 64;

/** Answers one page over its channel until that closes. What the page began goes on without it. */
export function serveConnection(service: BenchService, channel: Channel): void {
  const pending = new Set<number>();
  const subscriptions = new Map<number, Disposable>();
  let open = true;

  const send = (message: BenchMessage): void => {
    if (open) channel.send(message);
  };
  const refuse = (id: number, failure: Failure): void =>
    send({ type: 'failure', id, failure: failureDto(failure) });

  const request = async (id: number, method: string, input: unknown): Promise<void> => {
    if (pending.has(id) || pending.size >= MAX_PENDING) return refuse(id, tooMany('requests'));
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
    const subscription = service.subscribe(topic, input, (value) => send({ type: 'event', id, value }));
    if (subscription.ok) subscriptions.set(id, subscription.value);
    else refuse(id, subscription);
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
        subscriptions.get(message.id)?.[Symbol.dispose]();
        subscriptions.delete(message.id);
        return;
    }
  });
  channel.onClose(() => {
    open = false;
    for (const subscription of subscriptions.values()) subscription[Symbol.dispose]();
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
