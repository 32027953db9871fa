import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { orThrow } from '../../../src-main/base/errors.ts';
import type { Activity, NumberedActivityEvent } from '../../../src-main/contract/bench/activity.ts';
import type { StreamSignal } from '../../../src-main/contract/bench/stream-signal.ts';
import { StreamSourceChoice, type StreamFile } from '../../../src-main/contract/bench/streams.ts';
import type { ModelEntry } from '../../../src-main/contract/bench/models.ts';
import type { StreamResult, StreamWindowRow } from '../../../src-main/contract/index.ts';
import { createCore, type Core } from '../../../src-main/core.ts';
import { BenchService } from '../../../src-main/hosts/bench/service.ts';
import { root } from '../../needs.ts';

let dir: string;
let core: Core;
let service: BenchService;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'microjoule-bench-streams-'));
  core = orThrow(await createCore({ dbPath: join(dir, 'bench.db') }));
  service = new BenchService(core, { host: 'in-process', modelsDir: join(root, 'models'), version: '0' });
});

afterAll(async () => {
  await service[Symbol.asyncDispose]();
  await core[Symbol.asyncDispose]();
  rmSync(dir, { recursive: true });
});

const ask = async <T>(method: string, input: unknown): Promise<T> =>
  orThrow(await service.request(method, input)) as T;

async function ended(id: number): Promise<Activity> {
  return new Promise((resolve) => {
    const watch = service.activities.watchList((list) => {
      const own = list.find((a) => a.id === id);
      if (own?.state !== 'ended') return;
      queueMicrotask(() => watch[Symbol.dispose]());
      resolve(own);
    });
  });
}

async function model(name: string): Promise<string> {
  return (await ask<ModelEntry[]>('models.list', {})).find((m) => m.name === name)!.token;
}

describe('streams over the bench', () => {
  it('streams motion, tells windows and samples as they come, and keeps both', async () => {
    const begun = await ask<Activity>('streams.start', {
      model: await model('har-syn'),
      targetId: 'pico-emulated',
      source: { kind: 'generator', name: 'imu' },
      durationS: 6,
    });
    expect(begun).toMatchObject({
      kind: 'stream',
      state: 'active',
      title: 'gen:imu into har-syn on pico-emulated',
    });
    expect(begun.cli).toBe(
      'microjoule stream har-syn.tflite --source gen:imu --for 6s --target pico-emulated --record DIR',
    );
    const events: NumberedActivityEvent[] = [];
    using _watch = orThrow(service.activities.watch(begun.id, 0, (e) => events.push(...e)));
    const done = await ended(begun.id);
    expect(done.failure).toBeNull();
    const streamId = done.streamId!;
    const result = await ask<StreamResult>('streams.get', { streamId });
    expect(result.status).toBe('finished');

    const live = events.flatMap((e) =>
      e.event.type === 'stream' && e.event.event.type === 'window' ? [e.event.event.window] : [],
    );
    expect(await ask<StreamWindowRow[]>('streams.windows', { streamId })).toEqual(live);
    expect(live.length).toBeGreaterThanOrEqual(4);

    // what was shown while it ran is what was kept: six axes at 50 Hz for six seconds
    const shown = events.flatMap((e) => (e.event.type === 'signal' ? [e.event.signal] : []));
    const kept = await ask<StreamSignal>('streams.signal', { streamId, columns: 8192 });
    expect([kept.kind, kept.channels, kept.samplesPerColumn, kept.max.length]).toEqual([
      'imu',
      6,
      1,
      6 * 300,
    ]);
    const together = shown.flatMap((s) => [...s.max]);
    expect(together.length).toBeGreaterThan(6 * 280);
    expect([...kept.max].slice(0, together.length)).toEqual(together);
    const coarse = await ask<StreamSignal>('streams.signal', { streamId, columns: 100 });
    expect(coarse.samplesPerColumn).toBe(3);
    expect(coarse.max[0]).toBe(Math.max(kept.max[0]!, kept.max[6]!, kept.max[12]!));

    const report = await ask<{ name: string; text: string }>('streams.report', { streamId, format: 'md' });
    expect(report.name).toBe(`stream-${streamId}.md`);
    expect(report.text).toContain('har-syn');
  });

  it('streams a kept stream once more, to the same answers', async () => {
    const begun = await ask<Activity>('streams.start', {
      model: await model('har-syn'),
      targetId: 'pico-emulated',
      source: { kind: 'recording', streamId: 1 },
      durationS: null,
    });
    const { streamId, failure } = await ended(begun.id);
    expect(failure).toBeNull();
    const outputs = async (id: number) =>
      (await ask<StreamWindowRow[]>('streams.windows', { streamId: id })).map((w) => w.outputs);
    expect(await outputs(streamId!)).toEqual(await outputs(1));
  });

  it('takes a file by its bytes and names it by what is in it', async () => {
    const bytes = new TextEncoder().encode('time_ms,ax\n0,1\n');
    const first = await ask<StreamFile>('streams.addFile', { name: '../../walk at noon.csv', bytes });
    const second = await ask<StreamFile>('streams.addFile', { name: 'other.csv', bytes });
    expect(first.token).toMatch(/^[0-9a-f]{16}$/);
    expect(second.token).toBe(first.token);
  });

  it('starts no program for a page, neither as a board of samples nor as a sound device', async () => {
    const token = await model('har-syn');
    const marker = join(dir, 'ran');
    const before = service.activities.list().length;
    const device = `file:"|touch ${marker}",raw`;
    for (const source of [
      { kind: 'board', protocol: 'text', port: `process:touch ${marker}` },
      { kind: 'board', protocol: 'frames', port: `process:touch ${marker}` },
      { kind: 'microphone', device },
      { kind: 'microphone', device: 'file:x' },
      { kind: 'microphone', device: '-D' },
      { kind: 'microphone', device: `plug:'${device}'` },
    ])
      expect([
        source,
        await service.request('streams.start', { model: token, targetId: 'pico-emulated', source }),
      ]).toMatchObject([source, { ok: false, id: 'bench.bad-input' }]);
    expect(service.activities.list()).toHaveLength(before);
    expect(existsSync(marker)).toBe(false);
    for (const name of ['', 'default', 'plughw:CARD=PCH,DEV=0', 'hw:1,0', 'sysdefault:CARD=USB-1'])
      expect(StreamSourceChoice.parse({ kind: 'microphone', device: name })).toMatchObject({ device: name });
  });

  it('says what it does not have', async () => {
    const token = await model('har-syn');
    const start = (source: unknown) =>
      service.request('streams.start', { model: token, targetId: 'pico-emulated', source });
    expect(await start({ kind: 'file', token: '0000000000000000' })).toMatchObject({ id: 'bench.no-file' });
    expect(await start({ kind: 'recording', streamId: 2 })).toMatchObject({ id: 'bench.no-recording' });
    expect(await start({ kind: 'file', path: '/etc/passwd' })).toMatchObject({ id: 'bench.bad-input' });
    expect(await service.request('streams.get', { streamId: 99 })).toMatchObject({ ok: false });
    expect(
      await service.request('streams.addFile', { name: 'x.exe', bytes: new Uint8Array(1) }),
    ).toMatchObject({ id: 'bench.bad-input' });
  });
});
