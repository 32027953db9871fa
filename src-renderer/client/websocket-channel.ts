import { decodeMessage, encodeMessage } from '../../src-main/contract/bench/encoding.ts';
import type { Channel } from '../../src-main/contract/bench/messages.ts';

/** A channel over a WebSocket of the page's own origin; resolves when it is open, rejects when it cannot be. */
export function openWebSocketChannel(url: string): Promise<Channel> {
  const socket = new WebSocket(url);
  socket.binaryType = 'arraybuffer';
  const messages: ((message: unknown) => void)[] = [];
  const closes: (() => void)[] = [];
  socket.addEventListener('message', ({ data }) => {
    const message = data instanceof ArrayBuffer ? decodeMessage(new Uint8Array(data)) : null;
    if (!message?.ok) return socket.close(1003);
    for (const listener of messages) listener(message.value);
  });
  return new Promise((resolve, reject) => {
    let opened = false;
    socket.addEventListener('open', () => {
      opened = true;
      resolve({
        send: (message) => {
          if (socket.readyState === WebSocket.OPEN)
            socket.send(encodeMessage(message) as Uint8Array<ArrayBuffer>);
        },
        onMessage: (listener) => messages.push(listener),
        onClose: (listener) => closes.push(listener),
        close: () => socket.close(1000),
      });
    });
    socket.addEventListener('close', () => {
      if (!opened) reject(new Error('the bench does not answer'));
      for (const listener of closes) listener();
    });
  });
}
