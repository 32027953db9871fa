import { untrack } from 'svelte';
import type { FailureDto } from '../../src-main/contract/failure.ts';

export interface LogLine {
  readonly id: number;
  readonly at: string;
  readonly kind: 'info' | 'good' | 'warning' | 'error';
  readonly text: string;
  readonly failure: FailureDto | null;
}

const KEPT = 500;

/** What happened on this page since it was loaded, newest last. */
class Log {
  lines = $state.raw<readonly LogLine[]>([]);
  /** Problems nobody has looked at. */
  unseen = $state(0);
  #nextId = 1;

  add(kind: LogLine['kind'], text: string, failure: FailureDto | null = null): void {
    const at = new Date().toISOString();
    const line: LogLine = { id: this.#nextId++, at, kind, text, failure };
    // an effect that notes something must not depend on what was noted
    const before = untrack(() => this.lines);
    this.lines = [...before.slice(1 - KEPT), line];
    if (kind === 'error' || kind === 'warning') this.unseen = untrack(() => this.unseen) + 1;
  }

  failed(title: string, failure: FailureDto): void {
    this.add('error', `${title}: ${failure.cause || failure.id}`, failure);
  }

  seen(): void {
    this.unseen = 0;
  }

  text(): string {
    return this.lines
      .map((l) => `${l.at} ${l.kind} ${l.text}${l.failure ? ` [${l.failure.id}] → ${l.failure.next}` : ''}`)
      .join('\n');
  }
}

export const log = new Log();
