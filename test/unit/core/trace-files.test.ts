/** Export and import of traces as the core does them: nothing half-made is left, whatever goes wrong. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { orThrow } from '../../../src-main/base/errors.ts';
import { createCore } from '../../../src-main/core.ts';
import { writeFailure } from '../../../src-main/core/new-file.ts';

const dir = mkdtempSync(join(tmpdir(), 'microjoule-files-'));
afterAll(() => rmSync(dir, { recursive: true }));
const at = (name: string) => join(dir, name);
const file = at('a.mjtrace');
const openCore = async () => orThrow(await createCore({ dbPath: at('mj.db') }));
const span = { trace: file, fromSample: 0, toSample: 60_000 };

beforeAll(async () => {
  const rows = Array.from(
    { length: 60_000 },
    (_, i) => `${i / 100_000},${(i % 977) * 1e-6},${(i >> 12) & 1}\n`,
  );
  writeFileSync(at('a.csv'), `time_s,current_a,D0\n${rows.join('')}`);
  await using core = await openCore();
  const made = orThrow(
    await core.importTrace({ file: at('a.csv'), path: file, supplyV: 3, overwrite: false }),
  );
  expect(made.trace).toMatchObject({ lengthSamples: 60_000, sampleRateHz: 100_000, title: 'a.csv' });
  for (const name of ['a.jls', 'a.ppk2', 'a.parquet'])
    orThrow(await core.exportTrace({ ...span, path: at(name), overwrite: false }));
});

describe('an import', () => {
  it('of what is damaged fails with its reason, and leaves nothing behind', async () => {
    const jls = readFileSync(at('a.jls'));
    const ppk2 = readFileSync(at('a.ppk2'));
    const csv = readFileSync(at('a.csv'), 'utf8');
    const damaged: readonly (readonly [string, Uint8Array | string, string])[] = [
      ['short.jls', jls.subarray(0, 20), 'trace.import-damaged'],
      ['definitions.jls', jls.subarray(0, 700), 'trace.import-no-current'],
      ['other.jls', csv, 'trace.import-damaged'],
      ['half.ppk2', ppk2.subarray(0, ppk2.length >> 1), 'trace.import-damaged'],
      ['no-current.csv', 'x,y\n1,2\n', 'trace.import-columns'],
      ['empty.csv', '', 'trace.import-damaged'],
      ['back.csv', `${csv}0.1,0,0\n`, 'trace.import-damaged'],
      ['energy.bin', Uint8Array.of(0xf1, 0, 0, 0), 'trace.import-supply'],
    ];
    await using core = await openCore();
    const before = core.trace.list().traces.length;
    for (const [name, content, id] of damaged) {
      writeFileSync(at(name), content);
      const answer = await core.importTrace({ file: at(name), path: at('new.mjtrace'), overwrite: false });
      expect([name, answer.ok ? 'read' : answer.id]).toEqual([name, id]);
    }
    expect(await core.importTrace({ file: dir, overwrite: false })).toMatchObject({
      id: 'trace.import-unreadable',
    });
    expect(readdirSync(dir).filter((f) => f.startsWith('new.'))).toEqual([]);
    expect(core.trace.list().traces).toHaveLength(before);
  });

  it('over an existing trace happens only when told, and then wholly', async () => {
    await using core = await openCore();
    const path = at('over.mjtrace');
    orThrow(await core.importTrace({ file: at('a.csv'), path, overwrite: false }));
    const refused = await core.importTrace({ file: at('a.jls'), path, overwrite: false });
    expect(refused).toMatchObject({ id: 'trace.exists' });
    const bad = await core.importTrace({ file: at('back.csv'), path, overwrite: true });
    expect(bad.ok).toBe(false);
    expect(core.trace.info(path)).toMatchObject({ ok: true, value: { title: 'a.csv' } });
    orThrow(await core.importTrace({ file: at('a.jls'), path, overwrite: true }));
    expect(core.trace.info(path)).toMatchObject({
      ok: true,
      value: { title: 'a.jls', lengthSamples: 60_000 },
    });
  });
});

describe('an export', () => {
  it('that is interrupted or cannot be written leaves nothing behind', async () => {
    await using core = await openCore();
    const signal = AbortSignal.abort();
    for (const name of ['i.csv', 'i.jls', 'i.ppk2', 'i.parquet'])
      expect(await core.exportTrace({ ...span, path: at(name), overwrite: false, signal })).toMatchObject({
        id: 'trace.interrupted',
      });
    expect(
      await core.exportTrace({ ...span, path: join(file, 'below-a-file.csv'), overwrite: false }),
    ).toMatchObject({ id: 'trace.write-failed' });
    expect(readdirSync(dir).filter((f) => f.startsWith('i.') || f.includes('.part'))).toEqual([]);
  });

  it('knows a full disk from other troubles', () => {
    const error = Object.assign(new Error('no space'), { code: 'ENOSPC' });
    expect(writeFailure('x', error)).toMatchObject({ id: 'trace.disk-full' });
    expect(writeFailure('x', new Error('other'))).toMatchObject({ id: 'trace.write-failed' });
  });

  it('of a table takes CSV, and a format it knows', async () => {
    await using core = await openCore();
    const answers = [
      await core.exportTrace({ ...span, path: at('e.jls'), table: 'edges', overwrite: false }),
      await core.exportTrace({ ...span, path: at('e.xyz'), overwrite: false }),
      await core.exportTrace({ ...span, toSample: 60_001, path: at('e.csv'), overwrite: false }),
    ];
    expect(answers.map((a) => (a.ok ? '' : a.id))).toEqual([
      'trace.export-table',
      'trace.export-unknown',
      'trace.bad-span',
    ]);
  });
});
