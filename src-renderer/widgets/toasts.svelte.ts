import { untrack } from 'svelte';

export interface Toast {
  readonly id: number;
  readonly text: string;
  readonly kind: 'info' | 'good' | 'bad';
  readonly undo: (() => void) | null;
}

const SHOWN_MS = 6000;
const KEPT = 3;

/** Short notices at the foot of the page. One with an undo stays twice as long; `hold` keeps all while the pointer or focus is on them. */
class Toasts {
  list = $state.raw<readonly Toast[]>([]);
  #nextId = 1;
  #held = false;
  readonly #timers = new Map<number, ReturnType<typeof setTimeout>>();

  show(text: string, { kind = 'info', undo = null }: Partial<Pick<Toast, 'kind' | 'undo'>> = {}): void {
    const toast: Toast = { id: this.#nextId++, text, kind, undo };
    const kept = [...untrack(() => this.list), toast];
    for (const gone of kept.slice(0, -KEPT)) this.#forget(gone.id);
    this.list = kept.slice(-KEPT);
    if (!this.#held) this.#expire(toast);
  }

  dismiss(id: number): void {
    this.#forget(id);
    this.list = this.list.filter((t) => t.id !== id);
  }

  hold(held: boolean): void {
    this.#held = held;
    for (const id of this.#timers.keys()) this.#forget(id);
    if (!held) for (const toast of this.list) this.#expire(toast);
  }

  #expire(toast: Toast): void {
    const ms = toast.undo ? 2 * SHOWN_MS : SHOWN_MS;
    this.#timers.set(
      toast.id,
      setTimeout(() => this.dismiss(toast.id), ms),
    );
  }

  #forget(id: number): void {
    clearTimeout(this.#timers.get(id));
    this.#timers.delete(id);
  }
}

export const toasts = new Toasts();
