/** A stranger's first hour, in a real Chromium on a served bench: once by mouse, once by keyboard alone. */
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { orThrow } from '../../src-main/base/errors.ts';
import { describeWith, needs } from '../needs.ts';
import { openBrowser, openPage } from './browser.ts';
import { openUiBench, type UiBench } from './ui-bench.ts';

const STEP_MS = 30_000;

describeWith([needs.chromium], 'the first hour at the bench', () => {
  let browser: Browser;
  let bench: UiBench;
  let page: Page;
  let problems: string[];

  beforeAll(async () => {
    browser = await openBrowser();
  });
  afterAll(async () => {
    await browser.close();
  });

  const begin = async (): Promise<void> => {
    bench = await openUiBench({ windowS: 0.4, items: 4 });
    ({ page, problems } = await openPage(browser, bench.url));
    page.setDefaultTimeout(STEP_MS);
  };
  const end = async (): Promise<void> => {
    expect(problems).toEqual([]);
    await page.context().close();
    await bench[Symbol.asyncDispose]();
  };
  const runs = () => orThrow(bench.core.runs()).map((r) => [r.runId, r.mode, r.status]);
  const demoRuns = [
    [3, 'accuracy', 'finished'],
    [2, 'energy', 'finished'],
    [1, 'performance', 'finished'],
  ];
  const ended = (): Promise<unknown> =>
    expect.poll(runs, { timeout: 60_000, interval: 200 }).toEqual(demoRuns);
  const rail = (screen: string) =>
    page
      .getByRole('navigation', { name: 'Screens' })
      .getByRole('link', { name: screen, exact: true })
      .click();
  const layerRow = () => page.getByRole('table', { name: 'Operators of run 2' }).getByRole('row').nth(1);

  it('by mouse: demo, trace, energy per layer, comparison, stream, report', async () => {
    await begin();
    await rail('Run');
    await page.getByRole('button', { name: 'Run the demo bench' }).click();
    await ended();

    await rail('Trace');
    await page.getByRole('region', { name: 'Traces' }).getByRole('link').first().click();
    const view = page.getByRole('application', { name: /^Trace of kws-syn/ });
    await view.waitFor();
    // the summary in words says what the canvas shows
    await page.getByText(/^In view: .* Mean \d.* mA/).waitFor();
    await page.getByRole('button', { name: 'The next inference' }).click();
    await page.getByRole('tab', { name: 'Table' }).click();
    await page.getByRole('tabpanel', { name: 'Table' }).getByRole('row').nth(1).waitFor();

    await rail('Results');
    await page.getByRole('link', { name: '2', exact: true }).click();
    await page.getByText('Energy', { exact: true }).last().click();
    await expect.poll(() => layerRow().innerText()).toMatch(/CONV_2D/);
    const energies = orThrow(bench.core.result(2)).layerEnergies!;
    expect(energies.length).toBe(12);

    await page.getByRole('button', { name: 'Make baseline' }).click();
    await page.getByRole('link', { name: /All runs/ }).click();
    // latency of run 1 beside run 2's: emulated time is the same but for the pins of an energy run
    await page
      .getByText(/faster|slower|can.t tell/)
      .first()
      .waitFor();

    await rail('Stream');
    await page.getByLabel('Model', { exact: true }).selectOption({ label: 'har-syn' });
    await page.getByLabel('For', { exact: true }).fill('6');
    await page.getByRole('button', { name: 'Start stream' }).click();
    await page.getByRole('heading', { name: 'Stream 1: har-syn' }).waitFor();
    await page
      .getByText(/^\d+ of \d+ windows/)
      .first()
      .waitFor();
    expect(orThrow(bench.core.store.streams.result(1)).status).toBe('finished');

    await rail('Report');
    const preview = page.frameLocator('iframe');
    await preview.getByRole('heading', { level: 1 }).first().waitFor();
    const download = page.waitForEvent('download');
    await page.getByRole('button', { name: 'HTML', exact: true }).click();
    expect((await download).suggestedFilename()).toMatch(/^microjoule-.*\.html$/);
    await end();
  });

  it('by keyboard alone', async () => {
    await begin();
    const press = async (...keys: string[]) => {
      for (const key of keys) await page.keyboard.press(key);
    };
    const palette = async (words: string) => {
      await press('Control+k');
      await page.getByPlaceholder('What do you want to do?').waitFor();
      await page.keyboard.type(words);
      await press('Enter');
    };
    /** Tab until what is focused is called so. */
    const tabTo = async (name: RegExp, key = 'Tab'): Promise<void> => {
      for (let i = 0; i < 120; i++) {
        await press(key);
        const focused = await page.evaluate(() => {
          const { document } = globalThis as unknown as {
            document: {
              activeElement: { getAttribute(n: string): string | null; innerText?: string } | null;
            };
          };
          const e = document.activeElement;
          return `${e?.getAttribute('aria-label') ?? ''} ${e?.innerText ?? ''}`.trim();
        });
        if (name.test(focused)) return;
      }
      throw new Error(`Tab never reaches ${String(name)}`);
    };
    await page.getByRole('heading', { name: 'Bench', level: 1 }).first().waitFor();
    await palette('start the demo');
    await ended();

    await press('Control+3');
    await page.getByRole('region', { name: 'Traces' }).getByRole('link').first().waitFor();
    await tabTo(/^kws-syn/);
    await press('Enter');
    await page.getByRole('application', { name: /^Trace of kws-syn/ }).waitFor();
    await tabTo(/^Trace of kws-syn/);
    const wide = await page
      .getByText(/^In view: /)
      .first()
      .innerText();
    await press('w', 'w', 'd');
    await expect
      .poll(() =>
        page
          .getByText(/^In view: /)
          .first()
          .innerText(),
      )
      .not.toBe(wide);
    await press(']', 'm');

    await press('Control+4');
    await tabTo(/^2$/);
    await press('Enter');
    await page.getByRole('heading', { name: 'Run 2: kws-syn, energy' }).waitFor();
    await expect.poll(() => layerRow().innerText()).toMatch(/CONV_2D/);
    await tabTo(/^Make baseline/);
    await press('Enter');
    await tabTo(/All runs/, 'Shift+Tab');
    await press('Enter');
    await page
      .getByText(/faster|slower|can.t tell/)
      .first()
      .waitFor();

    await palette('stream');
    await page.getByRole('button', { name: 'Start stream' }).waitFor();
    await page.getByLabel('For', { exact: true }).focus();
    await press('Control+a');
    await page.keyboard.type('3');
    await tabTo(/^Start stream/);
    await press('Enter');
    await page.getByRole('heading', { name: /^Stream 1: / }).waitFor();
    expect(orThrow(bench.core.store.streams.result(1)).status).toBe('finished');

    await palette('report');
    await page.frameLocator('iframe').getByRole('heading', { level: 1 }).first().waitFor();
    const download = page.waitForEvent('download');
    await tabTo(/^HTML/);
    await press('Enter');
    expect((await download).suggestedFilename()).toMatch(/\.html$/);
    await end();
  });
});
