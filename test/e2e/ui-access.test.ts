/** Every screen for everybody: axe-core in both themes, reach of the keyboard, size of targets, small windows and zoom. */
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { orThrow } from '../../src-main/base/errors.ts';
import { BenchService } from '../../src-main/hosts/bench/service.ts';
import { describeWith, needs, root } from '../needs.ts';
import { join } from 'node:path';
import { axeFindings, openBrowser, openPage } from './browser.ts';
import { openUiBench, type UiBench } from './ui-bench.ts';

const screens = [
  'bench',
  'run',
  'trace',
  'trace?run=2',
  'results',
  'results?run=2',
  'predict',
  'graph?run=2',
  'graph',
  'stream',
  'report',
  'settings',
] as const;

/** What a page tells of its controls, in CSS pixels. */
interface Control {
  readonly name: string;
  readonly width: number;
  readonly height: number;
  readonly right: number;
  /** Links in running text are as high as their line (WCAG 2.5.8, inline). */
  readonly inline: boolean;
  readonly focusable: boolean;
}

const controlsOf = (page: Page): Promise<Control[]> =>
  page.evaluate(() => {
    interface Box {
      readonly width: number;
      readonly height: number;
      readonly right: number;
    }
    interface Node {
      readonly tagName: string;
      readonly innerText?: string;
      readonly tabIndex: number;
      readonly type?: string;
      readonly labels?: ArrayLike<Node>;
      readonly parentElement: Node | null;
      getAttribute(name: string): string | null;
      getBoundingClientRect(): Box;
      closest(selector: string): Node | null;
      checkVisibility(options: object): boolean;
      matches(selector: string): boolean;
    }
    const { document, getComputedStyle } = globalThis as unknown as {
      document: { querySelectorAll(selector: string): Iterable<Node> };
      getComputedStyle: (node: Node) => { display: string };
    };
    const selector =
      'button, a[href], input, select, summary, textarea, [role=application], [role=tab], [tabindex="0"]';
    return [...document.querySelectorAll(selector)]
      .filter(
        (n) =>
          n.checkVisibility({ opacityProperty: false, visibilityProperty: true }) &&
          !n.matches('[hidden], svg *'),
      )
      .map((n) => {
        // a box and its label are one target
        const boxes = [n, ...Array.from(n.labels ?? [])].map((e) => e.getBoundingClientRect());
        const widest = (key: keyof Box) => Math.max(...boxes.map((b) => b[key]));
        return {
          name: `${n.tagName} ${n.getAttribute('aria-label') ?? n.innerText ?? n.type ?? ''}`.slice(0, 60),
          width: widest('width'),
          height: widest('height'),
          right: n.getBoundingClientRect().right,
          inline: n.tagName === 'A' && getComputedStyle(n).display === 'inline',
          focusable: n.tabIndex >= 0 || n.matches(':disabled, [role=tab], [role=radio], [type=radio]'),
        };
      })
      .filter((c) => c.width > 1 && c.height > 1);
  });

describeWith([needs.chromium], 'every screen for everybody', () => {
  let browser: Browser;
  let bench: UiBench;

  beforeAll(async () => {
    bench = await openUiBench({ windowS: 0.3, items: 3 });
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

  const shown = async (page: Page, screen: string): Promise<void> => {
    await page.evaluate((hash) => {
      (globalThis as unknown as { location: { hash: string } }).location.hash = hash;
    }, `#/${screen}`);
    await page.waitForTimeout(500);
    await page.waitForLoadState('networkidle');
  };

  it.each(['light', 'dark'] as const)('axe-core finds nothing, %s', async (scheme) => {
    const { page, problems } = await openPage(browser, bench.url, { scheme });
    const found: Record<string, string[]> = {};
    for (const screen of screens) {
      await shown(page, screen);
      const findings = await axeFindings(page);
      if (findings.length > 0) found[screen] = findings;
    }
    expect(found).toEqual({});
    expect(problems).toEqual([]);
    await page.context().close();
  });

  it('every control can be reached by keyboard and is 24 px or larger', async () => {
    const { page } = await openPage(browser, bench.url);
    const small: string[] = [];
    const unreachable: string[] = [];
    for (const screen of screens) {
      await shown(page, screen);
      const controls = await controlsOf(page);
      expect(controls.length).toBeGreaterThan(9);
      for (const c of controls) {
        if (!c.focusable) unreachable.push(`${screen}: ${c.name}`);
        if (!c.inline && (c.height < 24 || c.width < 24))
          small.push(`${screen}: ${c.name} ${c.width.toFixed(0)} × ${c.height.toFixed(0)}`);
      }
    }
    expect(unreachable).toEqual([]);
    expect(small).toEqual([]);
    await page.context().close();
  });

  it.each(['light', 'dark'] as const)(
    'dialogs have no findings, keep the focus inside, end on Esc and give it back, %s',
    async (scheme) => {
      const { page, problems } = await openPage(browser, bench.url, { scheme });
      page.setDefaultTimeout(10_000);
      const focused = (within: string) =>
        page.evaluate((selector) => {
          const { document } = globalThis as unknown as {
            document: {
              activeElement: { closest(s: string): unknown; innerText: string } | null;
              body: unknown;
            };
          };
          const { activeElement: e, body } = document;
          // the body: the browser's own controls have it
          return selector === '' ? (e?.innerText ?? '') : e === body || e?.closest(selector) != null;
        }, within);
      const dialog = page.getByRole('dialog');
      const found: Record<string, string[]> = {};
      for (const [screen, name, open] of [
        ['results', 'palette', () => page.keyboard.press('Control+k')],
        ['results', 'shortcuts', () => page.keyboard.press('?')],
        ['trace', 'record', () => page.getByRole('button', { name: 'Record', exact: true }).press('Enter')],
        [
          'results?run=2',
          'where from',
          () =>
            page
              .getByRole('button', { name: /^Latency: / })
              .first()
              .press('Enter'),
        ],
        [
          'trace?run=2',
          'export',
          () => page.getByRole('button', { name: 'Export', exact: true }).press('Enter'),
        ],
      ] as const) {
        await shown(page, screen);
        await open();
        await dialog.first().waitFor();
        const findings = await axeFindings(page);
        if (findings.length > 0) found[name] = findings;
        // out of a dialog Tab does not lead; a popover closes or lets go
        if (name === 'record' || name === 'palette')
          for (let i = 0; i < 12; i++) {
            await page.keyboard.press('Tab');
            expect([name, i, await focused('dialog')]).toEqual([name, i, true]);
          }
        await page.keyboard.press('Escape');
        await dialog.first().waitFor({ state: 'hidden' });
        if (name === 'record') await expect.poll(() => focused('')).toBe('Record');
        if (name === 'export') await expect.poll(() => focused('')).toBe('Export');
      }
      expect(found).toEqual({});
      expect(problems).toEqual([]);
      await page.context().close();
    },
  );

  // 1440 px at 200 % are 720 CSS pixels
  it.each([
    [1024, 700],
    [720, 450],
  ])('nothing is cut off at %i × %i', async (width, height) => {
    const { page } = await openPage(browser, bench.url, { width, height });
    for (const screen of screens) {
      await shown(page, screen);
      const beyond = await page.evaluate(() => {
        const { document, innerWidth } = globalThis as unknown as {
          document: { documentElement: { scrollWidth: number } };
          innerWidth: number;
        };
        return document.documentElement.scrollWidth - innerWidth;
      });
      expect([screen, beyond]).toEqual([screen, Math.min(0, beyond)]);
      const main = page.locator('main');
      const box = (await main.boundingBox())!;
      expect([screen, box.width > width / 2, box.height > height / 2]).toEqual([screen, true, true]);
    }
    await page.context().close();
  });
});
