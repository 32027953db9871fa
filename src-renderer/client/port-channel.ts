import type { Channel } from '../../src-main/contract/bench/messages.ts';
import type { PortFrame } from '../../src-main/contract/bench/port-frames.ts';

/** A page's port: the DOM's MessagePort, or Node's in tests. */
export interface PagePort {
  postMessage(message: unknown): void;
  addEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void;
  addEventListener(type: 'close', listener: () => void): void;
  start(): void;
  close(): void;
}

/** A channel over the port of the app's own core. `lost` calls its argument when the core is known to be gone. */
export function portChannel(port: PagePort, lost: (closed: () => void) => void = () => {}): Channel {
  const messages: ((message: unknown) => void)[] = [];
  const closes: (() => void)[] = [];
  let open = true;
  const closed = (): void => {
    if (!open) return;
    open = false;
    port.close();
    for (const listener of closes) listener();
  };
  const send = (frame: PortFrame): void => {
    if (open) port.postMessage(frame);
  };
  port.addEventListener('message', ({ data }) => {
    const frame = data as PortFrame;
    if ('bye' in frame) return closed();
    if (!('m' in frame) || !open) return;
    try {
      for (const listener of messages) listener(frame.m);
    } finally {
      // only now: a page that is busy is sent no more
      send({ taken: 1 });
    }
  });
  port.addEventListener('close', closed);
  lost(closed);
  port.start();
  return {
    send: (message) => send({ m: message }),
    onMessage: (listener) => void messages.push(listener),
    onClose: (listener) => void closes.push(listener),
    close: () => {
      send({ bye: true });
      closed();
    },
  };
}
