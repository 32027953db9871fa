import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type WebSocket } from 'ws';
import type { PacedChannel } from '../../contract/bench/messages.ts';
import { TokenBucket, type BucketSize } from './token-bucket.ts';
import { webSocketChannel } from './websocket-channel.ts';

/** A model of 16 MB and its frame. */
export const MAX_MESSAGE_BYTES = 17 * 1024 * 1024;
/** A page that zooms asks a few things a frame. */
const MESSAGES: BucketSize = { perSecond: 300, burst: 600 };
/** A trace that is imported comes as fast as it can. */
const BYTES: BucketSize = { perSecond: 64 * 1024 * 1024, burst: 256 * 1024 * 1024 };

export interface PageSocketsOptions {
  readonly connect: (channel: PacedChannel) => void;
  readonly maxPages: number;
  readonly heartbeatMs: number;
  readonly nowMs: () => number;
}

/** The WebSockets of pages that have shown the token. One that floods, or no longer answers pings, is ended. */
export class PageSockets implements Disposable {
  readonly #options: PageSocketsOptions;
  readonly #server = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_MESSAGE_BYTES,
    perMessageDeflate: false,
  });
  readonly #answering = new WeakSet<WebSocket>();
  readonly #heartbeat: ReturnType<typeof setInterval>;

  constructor(options: PageSocketsOptions) {
    this.#options = options;
    this.#heartbeat = setInterval(() => this.#beat(), options.heartbeatMs);
    this.#heartbeat.unref();
  }

  get full(): boolean {
    return this.#server.clients.size >= this.#options.maxPages;
  }

  open(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const { connect, nowMs } = this.#options;
    const messages = new TokenBucket(MESSAGES, nowMs);
    const bytes = new TokenBucket(BYTES, nowMs);
    this.#server.handleUpgrade(request, socket, head, (ws) => {
      this.#answering.add(ws);
      ws.on('pong', () => this.#answering.add(ws));
      connect(webSocketChannel(ws, (n) => messages.take(1) && bytes.take(n)));
    });
  }

  #beat(): void {
    for (const ws of this.#server.clients) {
      if (this.#answering.delete(ws)) ws.ping();
      else ws.terminate();
    }
  }

  [Symbol.dispose](): void {
    clearInterval(this.#heartbeat);
    for (const ws of this.#server.clients) ws.terminate();
  }
}
