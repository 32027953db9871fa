import type { Failure } from '../../../src-main/base/errors.ts';
import type { TraceAnnotation } from '../../../src-main/contract/trace.ts';
import type { TraceBench, TraceSession } from '../../charts/trace/trace-session.svelte.ts';

type Step = { readonly does: 'remove' | 'restore'; readonly ids: readonly number[] };

/**
 * Notes on a trace, with undo: what was added is removed, what was removed comes back. An edit is both: the new note goes, the
 * old one comes back.
 */
export class NoteBook {
  failure = $state.raw<Failure | null>(null);
  readonly #bench: TraceBench;
  readonly #session: TraceSession;
  #undo = $state.raw<readonly (readonly Step[])[]>([]);

  constructor(bench: TraceBench, session: TraceSession) {
    this.#bench = bench;
    this.#session = session;
  }

  get canUndo(): boolean {
    return this.#undo.length > 0;
  }

  async add(fromSample: number, toSample: number, text: string): Promise<boolean> {
    const added = await this.#add(fromSample, toSample, text);
    if (added) this.#did([{ does: 'remove', ids: [added.id] }]);
    return added !== null;
  }

  async remove(note: TraceAnnotation): Promise<void> {
    if (await this.#change('remove', note.id)) this.#did([{ does: 'restore', ids: [note.id] }]);
  }

  async edit(note: TraceAnnotation, text: string): Promise<void> {
    const added = await this.#add(note.fromSample, note.toSample, text);
    if (!added || !(await this.#change('remove', note.id))) return;
    this.#did([
      { does: 'remove', ids: [added.id] },
      { does: 'restore', ids: [note.id] },
    ]);
  }

  async undo(): Promise<void> {
    const last = this.#undo.at(-1);
    if (!last) return;
    this.#undo = this.#undo.slice(0, -1);
    for (const step of last) for (const id of step.ids) await this.#change(step.does, id);
  }

  async #add(fromSample: number, toSample: number, text: string): Promise<TraceAnnotation | null> {
    const trace = this.#session.info?.id;
    if (!trace) return null;
    const added = await this.#bench.request('traces.annotate', { trace, fromSample, toSample, text });
    this.failure = added.ok ? null : added;
    this.#session.notesChanged();
    return added.ok ? added.value : null;
  }

  async #change(does: 'remove' | 'restore', id: number): Promise<boolean> {
    const trace = this.#session.info?.id;
    if (!trace) return false;
    const method = does === 'remove' ? 'traces.removeAnnotation' : 'traces.restoreAnnotation';
    const done = await this.#bench.request(method, { trace, id });
    this.failure = done.ok ? null : done;
    this.#session.notesChanged();
    return done.ok;
  }

  #did(steps: readonly Step[]): void {
    this.#undo = [...this.#undo.slice(-49), steps];
  }
}
