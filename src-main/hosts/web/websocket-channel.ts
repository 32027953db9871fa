import type { RawData, WebSocket } from 'ws';
import { decodeMessage, encodeMessage } from '../../contract/bench/encoding.ts';
import type { Channel } from '../../contract/bench/messages.ts';

function bytesOf(data: RawData): Uint8Array {
  if (Array.isArray(data)) return Buffer.concat(data);
  return data instanceof ArrayBuffer ? new Uint8Array(data) : data;
}

/** A page's WebSocket as a channel. Text frames and what does not decode end it. */
export function webSocketChannel(socket: WebSocket): Channel {
  return {
    send: (message) => {
      if (socket.readyState === socket.OPEN) socket.send(encodeMessage(message));
    },
    onMessage: (listener) =>
      socket.on('message', (data, isBinary) => {
        const message = isBinary ? decodeMessage(bytesOf(data)) : null;
        if (message?.ok) listener(message.value);
        else socket.close(1003);
      }),
    onClose: (listener) => socket.on('close', listener),
    close: () => socket.close(1000),
    get waitingBytes() {
      return socket.bufferedAmount;
    },
  };
}
