import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { orThrow, type Result } from '../../../src-main/base/errors.ts';
import {
  MAX_IMPORT_BYTES,
  PIECE_BYTES,
  type ImportedTrace,
  type ReadyFile,
} from '../../../src-main/contract/bench/traces.ts';
import { createCore } from '../../../src-main/core.ts';
import { PassingFiles } from '../../../src-main/hosts/bench/passing-files.ts';
import { BenchService } from '../../../src-main/hosts/bench/service.ts';

const folder = mkdtempSync(join(tmpdir(), 'passing-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const bytesOf = (n: number, seed = 1) => Uint8Array.from({ length: n }, (_, i) => (i * 31 + seed) & 255);

describe('files between page and bench', () => {
  it('arrive piece by piece as they were sent, under a name that cannot leave their folder', () => {
    using files = new PassingFiles(join(folder, 'in'));
    for (const name of ['../../evil.ppk2', '/etc/passwd', 'C:\\x\\y.csv', '..', 'träce 1.csv', '.bashrc']) {
      const token = orThrow(files.begin(name, 10));
      const sent = bytesOf(10, name.length);
      expect(orThrow(files.piece(token, 0, sent.subarray(0, 4)))).toEqual({ received: 4 });
      expect(files.whole(token)).toMatchObject({ ok: false, id: 'bench.bad-piece' });
      orThrow(files.piece(token, 4, sent.subarray(4)));
      const path = orThrow(files.whole(token));
      expect(dirname(dirname(path))).toBe(join(folder, 'in'));
      expect([...readFileSync(path)]).toEqual([...sent]);
      files.discard(token);
      expect(existsSync(dirname(path))).toBe(false);
    }
  });

  it('that a bench left behind long ago are gone at the next start, those of another bench stay', () => {
    const place = join(folder, 'left');
    for (const token of ['old', 'new']) {
      mkdirSync(join(place, token), { recursive: true });
      writeFileSync(join(place, token, 'a.csv'), '1');
    }
    const longAgo = new Date(Date.now() - 48 * 3600 * 1000);
    utimesSync(join(place, 'old'), longAgo, longAgo);
    using _ = new PassingFiles(place);
    expect(readdirSync(place)).toEqual(['new']);
  });

  it('are refused where pieces are out of order, too many, or the file is too large', () => {
    using files = new PassingFiles(join(folder, 'in2'));
    expect(files.begin('a.csv', MAX_IMPORT_BYTES + 1)).toMatchObject({
      ok: false,
      id: 'bench.import-too-large',
    });
    const token = orThrow(files.begin('a.csv', 10));
    expect(files.piece(token, 5, bytesOf(2))).toMatchObject({ ok: false, id: 'bench.bad-piece' });
    expect(files.piece(token, 0, bytesOf(11))).toMatchObject({ ok: false, id: 'bench.bad-piece' });
    expect(files.piece('none', 0, bytesOf(1))).toMatchObject({ ok: false, id: 'bench.no-file' });
    // begun and forgotten: the oldest makes room
    for (let i = 0; i < 20; i++) orThrow(files.begin(`${i}.csv`, 1));
    expect(files.piece(token, 0, bytesOf(1))).toMatchObject({ ok: false, id: 'bench.no-file' });
    expect(readdirSync(join(folder, 'in2')).length).toBeLessThanOrEqual(8);
    files[Symbol.dispose]();
    expect(readdirSync(join(folder, 'in2'))).toEqual([]);
  });

  it('of a bench that was killed are forgotten a day later, and not before', () => {
    const left = join(folder, 'in3');
    for (const name of ['old', 'new']) mkdirSync(join(left, name), { recursive: true });
    writeFileSync(join(left, 'old', 'x.csv'), 'x');
    const twoDaysAgo = Date.now() / 1000 - 2 * 24 * 3600;
    utimesSync(join(left, 'old'), twoDaysAgo, twoDaysAgo);
    using _ = new PassingFiles(left);
    expect(readdirSync(left)).toEqual(['new']);
  });

  it('are fetched in pieces to their last byte', () => {
    using files = new PassingFiles(join(folder, 'out'));
    const { token, path } = files.place('x/y.csv');
    const content = bytesOf(PIECE_BYTES + 1234);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
    expect(files.read(token, 0)).toMatchObject({ ok: false, id: 'bench.no-file' });
    files.ready(token, path);
    const first = orThrow(files.read(token, 0)).bytes;
    const second = orThrow(files.read(token, first.length)).bytes;
    expect(first.length).toBe(PIECE_BYTES);
    expect(Buffer.concat([first, second]).equals(Buffer.from(content))).toBe(true);
    expect(orThrow(files.read(token, content.length)).bytes.length).toBe(0);
    expect(orThrow(files.read(token, content.length * 2)).bytes.length).toBe(0);
  });
});

describe('traces over the bench', () => {
  it('are recorded, cut, exported and imported again, by id and token alone', async () => {
    await using core = orThrow(await createCore({ dbPath: join(folder, 'bench', 'mj.db') }));
    await using service = new BenchService(core, { host: 'in-process', modelsDir: folder, version: '0' });
    const ask = async <T>(method: string, input: unknown) =>
      orThrow((await service.request(method, input)) as Result<T>);
    const { trace } = orThrow(await core.record({ monitor: 'emulated', seconds: 1 }));
    const span = { trace: trace.id, fromSample: 20_000, toSample: 60_000 };
    const cut = await ask<{ id: string; lengthSamples: number }>('traces.cut', span);
    expect(cut.lengthSamples).toBe(40_000);

    const ready = await ask<ReadyFile>('traces.export', { ...span, format: 'ppk2' });
    const pieces: Uint8Array[] = [];
    for (let offset = 0; offset < ready.sizeBytes; offset += pieces.at(-1)!.length)
      pieces.push((await ask<{ bytes: Uint8Array }>('traces.piece', { token: ready.token, offset })).bytes);
    const file = Buffer.concat(pieces);
    expect(file.length).toBe(ready.sizeBytes);
    await ask('traces.discard', { token: ready.token });
    expect(await service.request('traces.piece', { token: ready.token, offset: 0 })).toMatchObject({
      ok: false,
      id: 'bench.no-file',
    });

    const { token } = await ask<{ token: string }>('traces.importBegin', {
      name: ready.name,
      sizeBytes: file.length,
    });
    for (let offset = 0; offset < file.length; offset += 7000)
      await ask('traces.importPiece', {
        token,
        offset,
        bytes: new Uint8Array(file.subarray(offset, offset + 7000)),
      });
    const imported = await ask<ImportedTrace>('traces.importFinish', { token });
    expect(imported.trace).toMatchObject({ lengthSamples: 40_000, missingSamples: 0 });
    const mean = async (t: string, from: number) =>
      (
        await ask<{ meanA: number }>('traces.statistics', {
          trace: t,
          fromSample: from,
          toSample: from + 40_000,
        })
      ).meanA;
    expect((await mean(imported.trace.id, 0)) / (await mean(trace.id, 20_000))).toBeCloseTo(1, 5);
    expect(readdirSync(join(folder, 'bench', 'passing'))).toEqual([]);
  });

  it('takes no path where an id is asked for, and writes nothing that a page could not take back', async () => {
    await using core = orThrow(await createCore({ dbPath: join(folder, 'bench2', 'mj.db') }));
    await using service = new BenchService(core, { host: 'in-process', modelsDir: folder, version: '0' });
    const { trace } = orThrow(await core.record({ monitor: 'emulated', seconds: 0.2 }));
    for (const name of [trace.path, '../traces/x', join(folder, 'bench2', 'mj.db')])
      expect(await service.request('traces.info', { trace: name.slice(-64) })).toMatchObject({ ok: false });
    expect(
      await service.request('traces.export', {
        trace: trace.id,
        fromSample: 0,
        toSample: 1e12,
        format: 'csv',
      }),
    ).toMatchObject({ ok: false, id: 'bench.export-too-large' });
    expect(
      await service.request('traces.record', { monitor: 'emulated', path: '/tmp/x', load: '/etc/passwd' }),
    ).toMatchObject({ ok: true, value: { kind: 'record', cli: 'microjoule record --monitor emulated' } });
  });
});
