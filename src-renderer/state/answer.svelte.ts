import type { Failure } from '../../src-main/base/errors.ts';
import type { MethodInput, MethodName, MethodOutput } from '../../src-main/contract/bench/methods.ts';
import { bench } from './bench.svelte.ts';

/** What the bench last answered to one question of a screen. A newer question makes the answer to an older one void. */
export class Answer<M extends MethodName> {
  value = $state.raw<MethodOutput<M> | null>(null);
  failure = $state.raw<Failure | null>(null);
  busy = $state(false);
  readonly #method: M;
  #asked = 0;

  constructor(method: M) {
    this.#method = method;
  }

  async ask(input: MethodInput<M>): Promise<void> {
    const mine = ++this.#asked;
    this.busy = true;
    const answer = await bench.request(this.#method, input);
    if (mine !== this.#asked) return;
    this.busy = false;
    this.failure = answer.ok ? null : answer;
    if (answer.ok) this.value = answer.value;
  }

  clear(): void {
    this.#asked++;
    this.busy = false;
    this.value = null;
    this.failure = null;
  }
}
