import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { errorIds } from '../../../src-main/contract/error-ids.ts';
import { collectErrors } from '../../../scripts/list-error-ids.ts';
import { root } from '../../needs.ts';

const errors = collectErrors();

describe('error ids', () => {
  it('the list of the contract and docs/errors.md have every id of the sources (node scripts/list-error-ids.ts)', () => {
    const ids = errors.map((e) => e.id);
    expect([...errorIds]).toEqual(ids);
    const page = readFileSync(join(root, 'docs/errors.md'), 'utf8');
    expect(ids.filter((id) => !page.includes(`| \`${id}\` |`))).toEqual([]);
  });

  it('the collection sees calls, helpers, constants and objects', () => {
    const ids = new Set(errors.map((e) => e.id));
    for (const id of ['store.newer', 'model.truncated', 'run.window-short', 'run.process-died'])
      expect(ids.has(id), id).toBe(true);
    expect(errors.find((e) => e.id === 'run.window-short')!.next).toBe(
      'The window is repeated with more inferences.',
    );
  });

  it('every failure of run, store and dataset names a next step', () => {
    expect(errors.filter((e) => /^(run|store|dataset)\./.test(e.id) && e.next === '')).toEqual([]);
  });
});
