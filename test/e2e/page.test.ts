/** `npm start` where there is no Electron: the same page on loopback. */
import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { orThrow } from '../../src-main/base/errors.ts';
import { webSocketChannel } from '../../src-main/hosts/web/websocket-channel.ts';
import { BenchClient } from '../../src-renderer/client/bench-client.ts';
import { root } from '../needs.ts';
import { json, microjoule, scratch } from './cli-process.ts';

const { dir, remove } = scratch();
afterAll(remove);
const db = join(dir, 'bench.db');

/** Resolves with the address as soon as the host prints it. */
function started(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = '';
    child.stdout!.setEncoding('utf8').on('data', (s: string) => {
      said += s;
      const url = /http:\/\/127\.0\.0\.1:\d+\/\?token=[\w-]+/.exec(said)?.[0];
      if (url) resolve(url);
    });
    child.on('close', (code) => reject(new Error(`ended with ${String(code)}: ${said}`)));
  });
}

describe('npm start', () => {
  it('serves the page and the runs to who has the token, and ends on Ctrl-C', async () => {
    await microjoule([
      'run',
      join(root, 'models/tiny-ad.tflite'),
      '--window-s',
      '0.1',
      '--windows',
      '1',
      '--db',
      db,
      '--json',
    ]);
    const child = spawn(process.execPath, [join(root, 'src-main/hosts/start.mjs'), '--browser'], {
      env: { ...process.env, MICROJOULE_DB: db },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const url = await started(child);
    const first = await fetch(url, { redirect: 'manual' });
    const cookie = first.headers.get('set-cookie')!.split(';')[0]!;
    const origin = new URL(url).origin;
    const page = await fetch(`${origin}/`, { headers: { cookie } });
    expect(await page.text()).toContain('<div id="app">');
    const socket = new WebSocket(`${origin.replace('http', 'ws')}/bench`, { headers: { cookie, origin } });
    const opened = await new Promise<boolean>((resolve) => {
      socket.once('open', () => resolve(true)).once('error', () => resolve(false));
    });
    expect(opened).toBe(true);
    const client = new BenchClient(webSocketChannel(socket));
    expect(orThrow(await client.request('runs.list', {})).map((r) => r.runId)).toEqual([1]);
    client.close();
    const report = await (await fetch(`${origin}/report/1`, { headers: { cookie } })).text();
    expect(report).toContain('tiny-ad on Raspberry Pi Pico (emulated)');
    expect((await fetch(`${origin}/report/1`)).status).toBe(401);
    const ended = new Promise((resolve) => child.on('close', resolve));
    child.kill('SIGINT');
    expect(await ended).toBe(0);
  });
});

describe('microjoule doctor', () => {
  it('gives a fix for whatever is missing', async () => {
    const answer = await microjoule(['doctor', '--json']);
    expect(answer.code).toBe(0);
    // TensorFlow's library greets on standard error where nobody stops it
    expect(answer.stderr).toBe('');
    const findings = json<{ id: string; ok: boolean; fact: string; fix: string }[]>(answer);
    expect(findings.map((f) => f.id)).toContain('firmware');
    for (const f of findings) expect([f.id, f.fact !== '', f.ok || f.fix !== '']).toEqual([f.id, true, true]);
  });

  it('names the targets', async () => {
    const targets = json<{ id: string; clockMhz: number; source: string }[]>(
      await microjoule(['targets', '--json']),
    );
    expect(targets[0]).toMatchObject({ id: 'pico-emulated', clockMhz: 125, source: 'emulated' });
  });
});
