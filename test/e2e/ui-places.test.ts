/**
 * Places of the page that an address names, what a page hands over as files, and what a page of another origin gets from the
 * bench that is served beside it: nothing.
 */
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Browser, Download, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { orThrow } from '../../src-main/base/errors.ts';
import { BenchService } from '../../src-main/hosts/bench/service.ts';
import { describeWith, needs, root } from '../needs.ts';
import { openBrowser, openPage } from './browser.ts';
import { openUiBench, type UiBench } from './ui-bench.ts';

describeWith([needs.chromium], 'a bench with runs', () => {
  let browser: Browser;
  let bench: UiBench;
  let origin: string;

  beforeAll(async () => {
    bench = await openUiBench({ windowS: 0.3, items: 3 });
    origin = new URL(bench.url).origin;
    await using service = new BenchService(bench.core, {
      host: 'in-process',
      modelsDir: join(root, 'models'),
      version: '0',
    });
    const demo = orThrow(await service.request('runs.demo', { windows: 2 })) as { id: number };
    await new Promise<void>((done) => {
      service.activities.watchList((list) => {
        if (list.find((a) => a.id === demo.id)?.state === 'ended') done();
      });
    });
    browser = await openBrowser();
  });
  afterAll(async () => {
    await browser.close();
    await bench[Symbol.asyncDispose]();
  });

  const opened = async (hash: string): Promise<{ page: Page; problems: string[] }> => {
    const { page, problems } = await openPage(browser, bench.url);
    page.setDefaultTimeout(20_000);
    await page.goto(`${origin}/${hash}`);
    return { page, problems };
  };
  /** Until a page that was just loaded has heard from its bench. */
  const settled = <T>(what: () => Promise<T>) => expect.poll(what, { timeout: 20_000, interval: 50 });
  const rootOf = (page: Page) => page.locator('html');
  const bytesOf = async (download: Download): Promise<Buffer> => readFileSync(await download.path());

  it('a place is there again after a reload', async () => {
    const { page, problems } = await opened('#/results?run=2');
    const heading = page.getByRole('heading', { name: 'Run 2: kws-syn, energy' });
    await heading.waitFor();
    await page.reload();
    await heading.waitFor();

    await page.goto(`${origin}/#/graph?run=2&op=1`);
    const node = page.getByRole('heading', { name: /^1 Depthwise Conv 2D$/ });
    await node.waitFor();
    await page.reload();
    await node.waitFor();

    await page.goto(`${origin}/#/trace?run=2`);
    const trace = page.getByRole('application', { name: /^Trace of kws-syn/ });
    await trace.waitFor();
    await page.reload();
    await trace.waitFor();
    expect(problems).toEqual([]);
    await page.context().close();
  });

  it('settings are kept by the bench: another page has them too', async () => {
    const { page } = await opened('#/settings');
    await page.getByText('Dark', { exact: true }).click();
    await page.getByText('Compact', { exact: true }).click();
    await settled(() => rootOf(page).getAttribute('data-density')).toBe('compact');
    await page.reload();
    await settled(() => rootOf(page).getAttribute('data-theme')).toBe('dark');
    const other = await opened('#/bench');
    await settled(() => rootOf(other.page).getAttribute('data-theme')).toBe('dark');
    await settled(() => rootOf(other.page).getAttribute('data-density')).toBe('compact');
    await other.page.context().close();
    // the next test sees the page as it was
    await page.getByText('System', { exact: true }).first().click();
    await settled(() => rootOf(page).getAttribute('data-theme')).toBe(null);
    await page.context().close();
  });

  it('an operator of a run leads to its node, and two runs stand beside each other', async () => {
    const { page, problems } = await opened('#/results?run=2');
    const operators = page.getByRole('table', { name: 'Operators of run 2' });
    await operators
      .getByRole('link', { name: /DEPTHWISE/ })
      .first()
      .click();
    await page.waitForURL(/#\/graph\?run=2&op=1$/);
    await page.getByRole('heading', { name: '1 Depthwise Conv 2D' }).waitFor();
    await page.getByLabel('Beside it').selectOption({ label: '1 kws-syn, performance' });
    await page.waitForURL(/b=run-1/);
    const graphs = page.getByRole('group', { name: /Arrow keys follow the lines/ });
    await settled(() => graphs.count()).toBe(2);
    await page.reload();
    await settled(() => graphs.count()).toBe(2);
    expect(problems).toEqual([]);
    await page.context().close();
  });

  it('samples of a trace and its picture can be taken along', async () => {
    const { page, problems } = await opened('#/trace?run=2');
    await page.getByRole('application', { name: /^Trace of kws-syn/ }).waitFor();
    const summary = page.getByText(/^In view: .* Mean \d.* mA/).first();
    const whole = await summary.innerText();
    await page.getByRole('button', { name: 'The next inference' }).click();
    await settled(() => summary.innerText()).not.toBe(whole);
    await page.getByRole('button', { name: 'Export' }).click();
    const saved = async (name: string): Promise<[string, Buffer]> => {
      const download = page.waitForEvent('download');
      await page.getByRole('button', { name, exact: true }).click();
      const file = await download;
      return [file.suggestedFilename(), await bytesOf(file)];
    };
    const [csvName, csv] = await saved('Save');
    expect(csvName).toBe('kws-syn.csv');
    const lines = csv.toString().trim().split('\n');
    const head = lines.findIndex((l) => l.startsWith('sample,time_s,current_a'));
    expect(head).toBeGreaterThanOrEqual(0);
    // one inference at 100 kS/s: some thousand samples, tens of mA
    const samples = lines.slice(head + 1);
    expect(samples.length).toBeGreaterThan(1000);
    expect(samples.length).toBeLessThan(20_000);
    const [svgName, svg] = await saved('SVG');
    expect(svgName).toBe('kws-syn.svg');
    expect(svg.toString()).toMatch(/^<svg [\s\S]*mA[\s\S]*<\/svg>\s*$/);
    const [pngName, png] = await saved('PNG');
    expect([pngName, png.subarray(1, 4).toString()]).toEqual(['kws-syn.png', 'PNG']);
    expect(problems).toEqual([]);
    await page.context().close();
  });

  it('the report is saved as PDF by the browser of this computer', async () => {
    const { page } = await opened('#/report?runs=2');
    await page.frameLocator('iframe').getByRole('heading', { level: 1 }).first().waitFor();
    const download = page.waitForEvent('download');
    await page.getByRole('button', { name: 'PDF', exact: true }).click();
    const file = await download;
    expect(file.suggestedFilename()).toMatch(/^microjoule-.*\.pdf$/);
    expect((await bytesOf(file)).subarray(0, 5).toString()).toBe('%PDF-');
    await page.context().close();
  });

  it('a page of another origin gets nothing, with the cookie or without it', async () => {
    // localhost is another site; another port of 127.0.0.1 is the same site, so that the cookie goes along
    const hostile: Server = createServer((_request, response) => {
      response.setHeader('content-type', 'text/html');
      response.end('<!doctype html><title>Hostile</title><h1>You have won</h1>');
    });
    await new Promise<void>((done) => hostile.listen(0, '127.0.0.1', done));
    const { port } = hostile.address() as AddressInfo;
    const before = orThrow(bench.core.runs()).length;
    for (const withCookie of [true, false])
      for (const host of ['127.0.0.1', 'localhost']) {
        const context = await browser.newContext();
        const page = await context.newPage();
        if (withCookie) {
          await page.goto(bench.url);
          expect((await context.cookies()).map((c) => [c.httpOnly, c.sameSite])).toEqual([[true, 'Strict']]);
        }
        // the same from the bench's own page gets in: it is the origin that is refused
        if (withCookie && host === 'localhost') {
          const own = await page.evaluate(attack, origin);
          expect([own.socket, String(own.read).includes('id="app"')]).toEqual(['open', true]);
        }
        await page.goto(`http://${host}:${port}/`);
        const got = await page.evaluate(attack, origin);
        expect([withCookie, host, got]).toEqual([
          withCookie,
          host,
          {
            read: 'refused',
            sent: 0,
            socket: 'refused',
            script: 'refused',
            frame: 'unreadable',
            opened: 'unreadable',
          },
        ]);
        for (const frame of page.frames().slice(1))
          expect(await frame.content().catch(() => '')).not.toContain('id="app"');
        await context.close();
      }
    expect(orThrow(bench.core.runs())).toHaveLength(before);
    hostile.closeAllConnections();
    await new Promise<void>((done) => hostile.close(() => done()));
  });
});

/** Runs in the hostile page: whatever a page can try on another origin. */
async function attack(origin: string): Promise<Record<string, unknown>> {
  interface Element {
    src: string;
    onload: () => void;
    onerror: () => void;
    readonly contentDocument: unknown;
  }
  const scope = globalThis as unknown as {
    document: { createElement(name: string): Element; body: { append(e: Element): void } };
    fetch(url: string, options?: object): Promise<{ status: number; text(): Promise<string> }>;
    WebSocket: new (url: string) => { onopen: () => void; onerror: () => void };
    open(url: string): { document: { title: string }; close(): void } | null;
  };
  const read = await scope
    .fetch(`${origin}/`, { credentials: 'include' })
    .then((r) => r.text())
    .catch(() => 'refused');
  // a request whose answer cannot be read anyway: what it would do must not happen
  const sent = await scope
    .fetch(`${origin}/bench`, { method: 'POST', mode: 'no-cors', credentials: 'include', body: '{}' })
    .then((r) => r.status)
    .catch(() => 0);
  const socket = await new Promise((done) => {
    const ws = new scope.WebSocket(`${origin.replace('http', 'ws')}/bench`);
    ws.onopen = () => done('open');
    ws.onerror = () => done('refused');
  });
  const loaded = (name: string, url: string): Promise<[string, Element]> =>
    new Promise((done) => {
      const e = scope.document.createElement(name);
      e.onload = () => done(['loaded', e]);
      e.onerror = () => done(['refused', e]);
      e.src = url;
      scope.document.body.append(e);
    });
  const [script] = await loaded('script', `${origin}/report/1`);
  const [, inside] = await loaded('iframe', `${origin}/`);
  const other = scope.open(`${origin}/`);
  await new Promise((done) => setTimeout(done, 300));
  let seen = 'unreadable';
  try {
    if (other) seen = other.document.title === '' ? 'unreadable' : other.document.title;
  } catch {
    seen = 'unreadable';
  }
  other?.close();
  return {
    read,
    sent,
    socket,
    script,
    frame: inside.contentDocument === null ? 'unreadable' : 'readable',
    opened: seen,
  };
}
