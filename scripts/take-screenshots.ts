/**
 * `npm run screenshots`: makes docs/screenshots anew. Measures the demo and two streams on the emulated bench, then takes
 * every screen in the system's Chromium: light, dark, and small (1024 × 700). `-- NAME…` takes some screens only;
 * `--keep DIR` uses a database that an earlier call left there.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import type { Page } from 'playwright-core';
import { orThrow } from '../src-main/base/errors.ts';
import { channelPair } from '../src-main/hosts/bench/channel-pair.ts';
import { serveConnection } from '../src-main/hosts/bench/connection.ts';
import { BenchService } from '../src-main/hosts/bench/service.ts';
import { createCore } from '../src-main/core.ts';
import { BenchClient } from '../src-renderer/client/bench-client.ts';
import { openBrowser, openPage, serveBench } from '../test/e2e/browser.ts';
import { root } from '../test/needs.ts';

interface Shot {
  readonly name: string;
  /** Place in the address. */
  readonly hash: string;
  /** Done on the page before the picture. */
  readonly prepare?: (page: Page) => Promise<void>;
}

const looks = [
  { name: 'light', scheme: 'light', width: 1440, height: 900 },
  { name: 'dark', scheme: 'dark', width: 1440, height: 900 },
  { name: 'small', scheme: 'light', width: 1024, height: 700 },
] as const;

const settle = (page: Page, ms = 900) => page.waitForTimeout(ms);

/** Until no screen says any more that it reads or loads. */
async function loaded(page: Page): Promise<void> {
  await page
    .getByText(/^(Loading|Reading|Looking)/)
    .first()
    .waitFor({ state: 'hidden', timeout: 10_000 })
    .catch(() => {});
  await settle(page, 400);
}

const shots: readonly Shot[] = [
  { name: 'bench', hash: '#/bench' },
  { name: 'run', hash: '#/run' },
  { name: 'trace', hash: '#/trace?run=2' },
  { name: 'results', hash: '#/results' },
  { name: 'result', hash: '#/results?run=2' },
  { name: 'predict', hash: '#/predict' },
  { name: 'graph', hash: '#/graph?run=2' },
  { name: 'stream-sound', hash: '#/stream?stream=1' },
  { name: 'stream-motion', hash: '#/stream?stream=2' },
  { name: 'report', hash: '#/report?runs=1,2,3' },
  { name: 'settings', hash: '#/settings' },
  {
    name: 'palette',
    hash: '#/results',
    prepare: async (page) => {
      await page.keyboard.press('Control+k');
      await settle(page, 300);
    },
  },
];

/** Demo and streams, measured through the bench as a page does. */
async function measure(db: string): Promise<void> {
  await using core = orThrow(await createCore({ dbPath: db }));
  if (orThrow(core.runs(1)).length > 0) return;
  await using service = new BenchService(core, {
    host: 'in-process',
    modelsDir: join(root, 'models'),
    version: '',
  });
  const [page, bench] = channelPair();
  serveConnection(service, bench);
  const client = new BenchClient(page);
  const until = (id: number) =>
    new Promise<void>((done) => {
      const stop = client.subscribe('activities', {}, (list) => {
        if (list.find((a) => a.id === id)?.state !== 'ended') return;
        stop();
        done();
      });
    });
  await until(orThrow(await client.request('runs.demo', { windows: 5, windowS: 10, items: 100 })).id);
  const models = orThrow(await client.request('models.list', {}));
  for (const [name, generator] of [
    ['kws-syn', 'kws'],
    ['har-syn', 'imu'],
  ] as const) {
    const model = models.find((m) => m.name === name)!.token;
    const source = { kind: 'generator', name: generator } as const;
    await until(
      orThrow(
        await client.request('streams.start', { model, targetId: 'pico-emulated', source, durationS: 30 }),
      ).id,
    );
  }
  client.close();
}

const { values, positionals } = parseArgs({
  options: { keep: { type: 'string' }, out: { type: 'string' } },
  allowPositionals: true,
});
const dir = values.keep ? resolve(values.keep) : mkdtempSync(join(tmpdir(), 'microjoule-screenshots-'));
const out = resolve(values.out ?? join(root, 'docs/screenshots'));
mkdirSync(dir, { recursive: true });
mkdirSync(out, { recursive: true });
const db = join(dir, 'bench.db');
await measure(db);
{
  await using served = await serveBench(db);
  const browser = await openBrowser();
  for (const { name: look, ...view } of looks) {
    const { page, problems } = await openPage(browser, served.url, view);
    for (const { name, hash, prepare } of shots) {
      if (positionals.length > 0 && !positionals.includes(name)) continue;
      await page.goto(`${served.origin}/${hash}`);
      await page.reload();
      await settle(page);
      await loaded(page);
      await prepare?.(page);
      await page.screenshot({ path: join(out, `${name}-${look}.png`), animations: 'disabled' });
      console.log(`${name}-${look}.png`);
    }
    if (problems.length > 0) console.error(`${look}: ${problems.join('\n')}`);
    await page.context().close();
  }
  await browser.close();
}
if (!values.keep) rmSync(dir, { recursive: true });
