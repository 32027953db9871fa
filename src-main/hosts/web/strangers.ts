import type { Socket } from 'node:net';

/**
 * Connections that have not shown the token. There are only so many: a new one takes the place of the oldest, so whoever
 * opens many and says nothing only hurts himself, and a page that knows the token always gets in.
 */
export class Strangers {
  readonly #sockets = new Set<Socket>();
  readonly #max: number;

  constructor(max: number) {
    this.#max = max;
  }

  get count(): number {
    return this.#sockets.size;
  }

  add(socket: Socket): void {
    const oldest = this.#sockets.size >= this.#max ? this.#sockets.values().next().value : undefined;
    oldest?.destroy();
    if (oldest) this.#sockets.delete(oldest);
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
  }

  /** It has shown the token. */
  known(socket: Socket): void {
    this.#sockets.delete(socket);
  }
}
