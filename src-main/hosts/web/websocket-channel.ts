import type { RawData, WebSocket } from 'ws';
import { decodeMessage, encodeMessage } from '../../contract/bench/encoding.ts';
import type { PacedChannel } from '../../contract/bench/messages.ts';

function bytesOf(data: RawData): Uint8Array {
  if (Array.isArray(data)) return Buffer.concat(data);
  return data instanceof ArrayBuffer ? new Uint8Array(data) : data;
}

/**
 * A page's WebSocket as a channel. Text frames, what does not decode and what `admit` refuses end it at once: the rest of
 * what was sent is not even read.
 */
export function webSocketChannel(
  socket: WebSocket,
  admit: (bytes: number) => boolean = () => true,
): PacedChannel {
  const progress: (() => void)[] = [];
  // a broken or oversized frame is an error event first; unheard it would end the process
  socket.on('error', () => socket.terminate());
  return {
    send: (message) => {
      if (socket.readyState !== socket.OPEN) return;
      // called when the bytes have been handed to the system, which holds few of them
      socket.send(encodeMessage(message), () => {
        for (const listener of progress) listener();
      });
    },
    onMessage: (listener) =>
      void socket.on('message', (data, isBinary) => {
        if (socket.readyState !== socket.OPEN) return;
        const bytes = bytesOf(data);
        const message = isBinary && admit(bytes.length) ? decodeMessage(bytes) : null;
        if (message?.ok) listener(message.value);
        else socket.terminate();
      }),
    onClose: (listener) => void socket.on('close', listener),
    onProgress: (listener) => void progress.push(listener),
    close: () => socket.close(1000),
    get waitingBytes() {
      return socket.bufferedAmount;
    },
  };
}
