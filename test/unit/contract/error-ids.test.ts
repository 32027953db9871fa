import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { errorIds } from '../../../src-main/contract/error-ids.ts';
import { collectErrors, outputs } from '../../../scripts/list-error-ids.ts';

const errors = collectErrors();

describe('error ids', () => {
  it('the list and docs/errors.md are what the sources say (node scripts/list-error-ids.ts)', () => {
    expect([...errorIds]).toEqual(errors.map((e) => e.id));
    for (const { path, make } of outputs) expect(readFileSync(path, 'utf8') === make(errors), path).toBe(true);
  });

  it('the collection sees calls, helpers, constants and objects', () => {
    const ids = new Set(errors.map((e) => e.id));
    for (const id of ['store.newer', 'model.truncated', 'run.window-short', 'run.process-died']) expect(ids.has(id), id).toBe(true);
    expect(errors.find((e) => e.id === 'run.window-short')!.next).toBe('The window is repeated with more inferences.');
  });

  it('every failure of run, store and dataset names a next step', () => {
    expect(errors.filter((e) => /^(run|store|dataset)\./.test(e.id) && e.next === '')).toEqual([]);
  });
});
