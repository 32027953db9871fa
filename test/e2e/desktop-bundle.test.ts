/**
 * The product's own bundle of the core, as Electron 45 would load it, on the Node that it is made for: the desktop tests in
 * Electron 22 run another build of the same sources.
 */
import { fork } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { orThrow } from '../../src-main/base/errors.ts';
import type { Channel } from '../../src-main/contract/bench/messages.ts';
import { desktopDir, ensureDesktop } from '../../src-main/hosts/built.ts';
import { desktopConfigs } from '../../src-main/hosts/electron/build.ts';
import { BenchClient } from '../../src-renderer/client/bench-client.ts';
import { portChannel, type PagePort } from '../../src-renderer/client/port-channel.ts';
import { root } from '../needs.ts';
import { scratch } from './cli-process.ts';

const { dir, remove } = scratch();
afterAll(remove);

type Sent = Readonly<Record<string, unknown>>;

/** The bundle in a process of its own. */
function startCore() {
  const child = fork(join(desktopDir, 'core.cjs'), [join(dir, 'bench.db')], {
    execArgv: ['-r', join(root, 'test/e2e/utility-stand-in.cjs')],
    serialization: 'advanced',
  });
  const heard: ((message: Sent) => void)[] = [];
  child.on('message', (message) => {
    for (const listener of heard) listener(message as Sent);
  });
  const next = (type: string) =>
    new Promise<Sent>((resolve) => heard.push((message) => message.type === type && resolve(message)));
  const page = (): Channel => {
    const port: PagePort = {
      postMessage: (frame) => child.connected && child.send({ page: frame }),
      addEventListener: (type: string, listener: (event: { data: unknown }) => void) => {
        if (type === 'message') heard.push((m) => 'page' in m && listener({ data: m.page }));
      },
      start: () => child.send({ type: 'page' }),
      close: () => {},
    };
    return portChannel(port);
  };
  const ended = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));
  return { child, next, page, ended };
}

describe("the product's bundles", () => {
  it('are the app and its worker threads, made of sources of the product only', () => {
    const configs = desktopConfigs({ outDir: desktopDir });
    expect(Object.keys(configs)).toEqual(['main', 'preload', 'core', 'world-worker', 'trace-writer-worker']);
    expect(JSON.stringify(configs)).not.toContain(join(root, 'test'));
  });

  it('run the demo, open a file and make a report on Node 24, then end when they are asked to', async () => {
    orThrow(await ensureDesktop(() => {}));
    expect(readFileSync(join(desktopDir, 'core.cjs'), 'utf8')).not.toContain('MICROJOULE_SQLITE_ADDON');
    const core = startCore();
    await core.next('ready');
    const opened = core.next('opened');
    core.child.send({ type: 'open-file', id: 1, path: join(root, 'models/tiny-ad.tflite') });
    expect(await opened).toMatchObject({ opened: { kind: 'model', model: { name: 'tiny-ad' } } });
    const client = new BenchClient(core.page());
    const active: unknown[] = [];
    const demo = orThrow(await client.request('runs.demo', { windows: 1, windowS: 0.1, items: 2 }));
    await new Promise<void>((resolve) =>
      client.subscribe('activities', {}, (list) => {
        active.push(list.find((a) => a.id === demo.id)?.state);
        if (active.at(-1) === 'ended') resolve();
      }),
    );
    const runs = orThrow(await client.request('runs.list', {}));
    expect(runs.map((r) => r.status)).toEqual(['finished', 'finished', 'finished']);
    const trace = orThrow(await client.request('traces.list', {})).traces[0]!;
    const envelope = orThrow(
      await client.request('traces.envelope', {
        trace: trace.id,
        fromSample: 0,
        toSample: trace.lengthSamples,
        columns: 100,
      }),
    );
    expect(Object.values(envelope).some((v) => ArrayBuffer.isView(v))).toBe(true);
    const report = core.next('report');
    core.child.send({ type: 'report', id: 2, run: '2' });
    expect((await report).html).toContain('<!doctype html>');
    core.child.send({ type: 'stop' });
    expect(await core.ended).toBe(0);
  });
});
