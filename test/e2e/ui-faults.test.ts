/** What goes wrong at a bench, as its page shows it: a cable that is pulled, a core that dies. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { orThrow } from '../../src-main/base/errors.ts';
import { createCore } from '../../src-main/core.ts';
import { describeWith, needs } from '../needs.ts';
import { openBrowser, openPage, serveBench } from './browser.ts';
import { openUiBench } from './ui-bench.ts';

const plan = async (page: Page, windows: number, windowS: number): Promise<void> => {
  const rail = page.getByRole('navigation', { name: 'Screens' });
  await rail.getByRole('link', { name: 'Run', exact: true }).click();
  await page.getByText('Energy', { exact: true }).first().click();
  await page.getByRole('spinbutton', { name: 'Windows', exact: true }).fill(String(windows));
  await page.getByRole('spinbutton', { name: 'Window', exact: true }).fill(String(windowS));
  await page.getByRole('button', { name: 'Start the run' }).click();
};

describeWith([needs.chromium], 'a bench on a bad day', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await openBrowser();
  });
  afterAll(async () => {
    await browser.close();
  });

  it('a cable is pulled in a window and plugged back: the page says so, the run goes on and nothing is lost', async () => {
    let pulled = false;
    await using bench = await openUiBench({ windowS: 2, items: 3 }, (event, [rig]) => {
      if (event.type !== 'progress' || event.text !== 'window 2/3' || pulled) return;
      pulled = true;
      // load, 1 s of idle, then the window
      void rig!.clock.sleepUntilUs(rig!.clock.nowUs() + 2_000_000).then(() => rig!.unplug!('monitor'));
    });
    const { page, problems } = await openPage(browser, bench.url);
    // the emulated cable is back at once: whoever looks later would miss the pause
    await page.evaluate(() => {
      const scope = globalThis as unknown as {
        seen: string[];
        document: { body: { innerText: string } };
        MutationObserver: new (look: () => void) => { observe(node: unknown, options: object): void };
      };
      scope.seen = [];
      new scope.MutationObserver(() => {
        const text = /Paused: [^\n]*/.exec(scope.document.body.innerText)?.[0];
        if (text !== undefined) scope.seen.push(text);
      }).observe(scope.document.body, { subtree: true, childList: true, characterData: true });
    });
    await plan(page, 3, 2);
    await expect
      .poll(() => orThrow(bench.core.runs()).map((r) => r.status), { timeout: 60_000 })
      .toEqual(['finished']);
    const seen = await page.evaluate(() => (globalThis as unknown as { seen: string[] }).seen);
    expect(seen[0]).toBe('Paused: plug it back to continue window 2/3');
    const run = orThrow(bench.core.result(1));
    expect(run.windows.map((w) => w.status)).toEqual(['finished', 'excluded', 'finished', 'finished']);

    // the excluded window stands in the table with its reason
    await page.getByRole('navigation', { name: 'Screens' }).getByRole('link', { name: 'Results' }).click();
    await page.getByRole('link', { name: '1', exact: true }).click();
    const rows = page.getByRole('table', { name: 'Windows of run 1' }).getByRole('row');
    await expect.poll(() => rows.count()).toBe(5);
    expect(await rows.filter({ hasText: run.windows[1]!.exclusion!.cause.replace(/\.$/, '') }).count()).toBe(
      1,
    );
    expect(problems).toEqual([]);
    await page.context().close();
  });

  it('the core is killed in mid-run and started again: the run is offered and goes on to its end', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'microjoule-killed-'));
    const db = join(dir, 'bench.db');
    const first = await serveBench(db);
    const { page } = await openPage(browser, first.url);
    await plan(page, 5, 10);
    const table = page.getByRole('table', { name: /windows/i });
    await table.getByRole('row').nth(1).waitFor({ timeout: 60_000 });
    await first.kill();
    await page
      .getByText(/connect/i)
      .first()
      .waitFor();

    await using second = await serveBench(db);
    await page.goto(second.url);
    await page.getByRole('button', { name: 'Recover interrupted run' }).click();
    await using core = orThrow(await createCore({ dbPath: db }));
    await expect
      .poll(() => orThrow(core.runs()).map((r) => [r.status, r.windowsFinished]), {
        timeout: 90_000,
        interval: 500,
      })
      .toEqual([['finished', 5]]);
    const run = orThrow(core.result(1));
    // windows from before and after the crash, each once, each with its own trace
    expect(run.windows.filter((w) => w.status === 'finished').map((w) => w.index)).toEqual([0, 1, 2, 3, 4]);
    expect(new Set(run.windows.map((w) => w.energy?.traceId)).size).toBeGreaterThan(1);
    await page.context().close();
    rmSync(dir, { recursive: true, force: true });
  });
});
