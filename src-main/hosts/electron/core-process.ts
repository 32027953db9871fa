import type { FailureDto } from '../../contract/failure.ts';
import type { Opened } from '../../contract/bench/desktop.ts';
import type { FromCore, ToCore } from './core-messages.ts';

/** The core's process as Electron's `utilityProcess` or a test gives it. `P`: a port to hand over. */
export interface CoreChild<P> {
  postMessage(message: ToCore, ports?: P[]): void;
  onMessage(listener: (message: FromCore) => void): void;
  /** Called once, with the exit code. */
  onExit(listener: (code: number) => void): void;
  kill(): void;
}

export interface CoreProcessOptions<P> {
  readonly fork: () => CoreChild<P>;
  readonly nowMs: () => number;
  readonly onActive: (titles: readonly string[]) => void;
  /** It died by itself; it is started again unless `again` is false. */
  readonly onDied: (code: number, again: boolean) => void;
  /** It cannot start, and says why; it is not started again by itself. */
  readonly onFailed: (failure: FailureDto) => void;
  readonly print: (html: string) => Promise<Uint8Array>;
}

/** A core that dies more often than this does not come up by being started once more. */
const MOST_DEATHS = 3;
const WITHIN_MS = 60_000;

export type ReportAnswer = { readonly html: string } | { readonly failure: FailureDto };

/**
 * The process of the core, started again when it dies. Whatever it held is closed by the system then: ports and devices
 * before the next one starts. That one finds the run of a dead process and marks it interrupted when it opens the database.
 */
export class CoreProcess<P> {
  readonly #options: CoreProcessOptions<P>;
  readonly #deathsMs: number[] = [];
  readonly #opening = new Map<number, (opened: Opened) => void>();
  readonly #reports = new Map<number, (answer: ReportAnswer) => void>();
  #child: CoreChild<P> | null = null;
  #ready = false;
  /** What to do as soon as there is a core. */
  readonly #whenReady: (() => void)[] = [];
  #stopping = false;
  #failed = false;
  #nextId = 1;
  #stopped: (() => void) | null = null;

  constructor(options: CoreProcessOptions<P>) {
    this.#options = options;
  }

  start(): void {
    const child = this.#options.fork();
    this.#child = child;
    this.#ready = false;
    this.#failed = false;
    child.onMessage((message) => this.#take(message));
    child.onExit((code) => this.#exited(code));
  }

  /** Once more after it was given up. */
  retry(): void {
    this.#deathsMs.length = 0;
    this.start();
  }

  /** Hands a page's port to the core, now or when there is one. */
  connect(port: P): void {
    this.#do(() => this.#child?.postMessage({ type: 'page' }, [port]));
  }

  openFile(path: string): Promise<Opened> {
    return new Promise((resolve) => {
      const id = this.#nextId++;
      this.#opening.set(id, resolve);
      this.#do(() => this.#child?.postMessage({ type: 'open-file', id, path }));
    });
  }

  report(run: string): Promise<ReportAnswer> {
    return new Promise((resolve) => {
      const id = this.#nextId++;
      this.#reports.set(id, resolve);
      this.#do(() => this.#child?.postMessage({ type: 'report', id, run }));
    });
  }

  /** Resolves when it has closed everything and ended, or was ended after `withinMs`. */
  async stop(withinMs: number): Promise<void> {
    this.#stopping = true;
    const child = this.#child;
    if (!child) return;
    const late = setTimeout(() => child.kill(), withinMs);
    await new Promise<void>((resolve) => {
      this.#stopped = resolve;
      child.postMessage({ type: 'stop' });
    });
    clearTimeout(late);
  }

  async #print(id: number, html: string): Promise<void> {
    const child = this.#child;
    const printed = await this.#options.print(html).then(
      (pdf) => ({ pdf, reason: '' }),
      (e: unknown) => ({ pdf: null, reason: e instanceof Error ? e.message : String(e) }),
    );
    if (child === this.#child) child?.postMessage({ type: 'printed', id, ...printed });
  }

  #do(what: () => void): void {
    if (this.#ready) what();
    else this.#whenReady.push(what);
  }

  #take(message: FromCore): void {
    switch (message.type) {
      case 'ready':
        this.#ready = true;
        for (const act of this.#whenReady.splice(0)) act();
        return;
      case 'failed':
        this.#failed = true;
        return this.#options.onFailed(message.failure);
      case 'print':
        return void this.#print(message.id, message.html);
      case 'active':
        return this.#options.onActive(message.titles);
      case 'opened':
        this.#opening.get(message.id)?.(message.opened);
        this.#opening.delete(message.id);
        return;
      case 'report': {
        const { html, failure } = message;
        this.#reports.get(message.id)?.(html === null ? { failure: failure ?? died } : { html });
        this.#reports.delete(message.id);
      }
    }
  }

  #exited(code: number): void {
    this.#child = null;
    this.#ready = false;
    this.#options.onActive([]);
    for (const resolve of this.#opening.values()) resolve({ kind: 'failure', failure: died });
    for (const resolve of this.#reports.values()) resolve({ failure: died });
    this.#opening.clear();
    this.#reports.clear();
    this.#stopped?.();
    if (this.#stopping || this.#failed) return;
    const now = this.#options.nowMs();
    this.#deathsMs.push(now);
    const recent = this.#deathsMs.filter((ms) => now - ms < WITHIN_MS);
    const again = recent.length <= MOST_DEATHS;
    this.#options.onDied(code, again);
    if (again) this.start();
  }
}

const died: FailureDto = {
  id: 'desktop.core-died',
  facts: {},
  cause: 'The process that measures has ended by itself.',
  next: 'It was started again; retry.',
};
