import type { Result } from '../../../src-main/base/errors.ts';

interface Wanted<K, T> {
  readonly key: K;
  readonly ask: (signal: AbortSignal) => Promise<Result<T>>;
}

export interface RequestLaneOptions<K, T> {
  readonly same: (a: K, b: K) => boolean;
  /** Is the answer that is on its way of no use any more? Then it is cancelled; else it is a picture on the way. */
  readonly useless?: (onItsWay: K, wanted: K) => boolean;
  readonly arrived: (result: Result<T>, key: K) => void;
}

/**
 * Requests of one kind: never more than one on its way, and of all that are wanted meanwhile only the newest is asked. An
 * answer on its way is used unless it is useless by now: who zooms without pause still sees something.
 */
export class RequestLane<K, T> {
  readonly #options: RequestLaneOptions<K, T>;
  #flying: { readonly key: K; readonly abort: AbortController } | null = null;
  #next: Wanted<K, T> | null = null;
  #closed = false;

  constructor(options: RequestLaneOptions<K, T>) {
    this.#options = options;
  }

  get busy(): boolean {
    return this.#flying !== null;
  }

  want(key: K, ask: Wanted<K, T>['ask']): void {
    if (this.#closed) return;
    if (this.#flying && !this.#flying.abort.signal.aborted && this.#options.same(this.#flying.key, key)) {
      this.#next = null;
      return;
    }
    if (this.#next && this.#options.same(this.#next.key, key)) return;
    this.#next = { key, ask };
    if (!this.#flying) this.#begin();
    else if (this.#options.useless?.(this.#flying.key, key)) this.#flying.abort.abort();
  }

  /** Nothing of what was asked is wanted any more. */
  forget(): void {
    this.#next = null;
    this.#flying?.abort.abort();
  }

  close(): void {
    this.#closed = true;
    this.forget();
  }

  #begin(): void {
    const wanted = this.#next;
    this.#next = null;
    if (!wanted) return;
    const abort = new AbortController();
    this.#flying = { key: wanted.key, abort };
    void wanted.ask(abort.signal).then((result) => {
      this.#flying = null;
      if (!abort.signal.aborted && !this.#closed) this.#options.arrived(result, wanted.key);
      if (!this.#closed && !this.#flying) this.#begin();
    });
  }
}
