import type { PacedChannel } from '../../contract/bench/messages.ts';
import { approximateBytes, PortFrame } from '../../contract/bench/port-frames.ts';

/** What Node's MessagePort and Electron's MessagePortMain have in common. */
export interface BenchPort {
  postMessage(message: unknown): void;
  on(event: 'message', listener: (message: unknown) => void): unknown;
  on(event: 'close', listener: () => void): unknown;
  start?(): void;
  close(): void;
}

export interface PortChannelOptions {
  /** Electron wraps the message in an event, Node does not. */
  readonly messageOf?: (given: unknown) => unknown;
}

/** The bench's end of a MessagePort to a page. What is no frame of ours ends it. */
export function portChannel(
  port: BenchPort,
  { messageOf = (m) => m }: PortChannelOptions = {},
): PacedChannel {
  const messages: ((message: unknown) => void)[] = [];
  const closes: (() => void)[] = [];
  const progress: (() => void)[] = [];
  const waiting: number[] = [];
  let waitingBytes = 0;
  let open = true;

  const closed = (): void => {
    if (!open) return;
    open = false;
    waiting.length = 0;
    waitingBytes = 0;
    for (const listener of closes) listener();
  };
  const close = (): void => {
    if (!open) return;
    port.postMessage({ bye: true } satisfies PortFrame);
    port.close();
    closed();
  };
  const taken = (count: number): void => {
    for (const bytes of waiting.splice(0, count)) waitingBytes -= bytes;
    for (const listener of progress) listener();
  };

  port.on('message', (given) => {
    if (!open) return;
    const frame = PortFrame.safeParse(messageOf(given));
    if (!frame.success) return close();
    if ('taken' in frame.data) return taken(frame.data.taken);
    if ('bye' in frame.data) {
      port.close();
      return closed();
    }
    for (const listener of messages) listener(frame.data.m);
  });
  port.on('close', closed);
  port.start?.();
  return {
    send: (message) => {
      if (!open) return;
      const bytes = approximateBytes(message);
      waiting.push(bytes);
      waitingBytes += bytes;
      port.postMessage({ m: message } satisfies PortFrame);
    },
    onMessage: (listener) => void messages.push(listener),
    onClose: (listener) => void closes.push(listener),
    onProgress: (listener) => void progress.push(listener),
    close,
    get waitingBytes() {
      return waitingBytes;
    },
  };
}
