import { spawn } from 'node:child_process';
import { join } from 'node:path';
import axeCore from 'axe-core';
import { chromium, type Browser, type Page } from 'playwright-core';
import { chromiumPath, root } from '../needs.ts';

/** A bench that is served by a process of its own. */
export interface ServedBench extends AsyncDisposable {
  /** Carries the token. */
  readonly url: string;
  readonly origin: string;
  /** As a crash would: nothing is said and nothing closed. */
  kill(): Promise<void>;
}

/** `microjoule serve` on a database, port 0: a free one. */
export function serveBench(db: string, port = 0): Promise<ServedBench> {
  return new Promise((resolve, reject) => {
    const child = spawn(
      process.execPath,
      [join(root, 'src-main/hosts/cli/bin.mjs'), 'serve', '--port', String(port), '--db', db],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    );
    let said = '';
    const ended = new Promise<void>((done) => child.once('close', () => done()));
    const end = async (signal: NodeJS.Signals) => {
      child.kill(signal);
      await ended;
    };
    const take = (text: string) => {
      said += text;
      const url = /http:\/\/\S+\?token=\S+/.exec(said)?.[0];
      if (!url) return;
      resolve({
        url,
        origin: new URL(url).origin,
        kill: () => end('SIGKILL'),
        [Symbol.asyncDispose]: () => end('SIGTERM'),
      });
    };
    child.stdout.setEncoding('utf8').on('data', take);
    child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
    child.once('error', reject);
    void ended.then(() => reject(new Error(`serve ended: ${said}`)));
  });
}

/** The system's Chromium without anything that would call home. */
export async function openBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: chromiumPath!,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}

export interface PageOptions {
  readonly width?: number;
  readonly height?: number;
  readonly scheme?: 'light' | 'dark';
}

/** A page on the bench; whatever goes wrong in it is in `problems`. */
export async function openPage(
  browser: Browser,
  url: string,
  { width = 1440, height = 900, scheme = 'light' }: PageOptions = {},
): Promise<{ readonly page: Page; readonly problems: string[] }> {
  const context = await browser.newContext({
    viewport: { width, height },
    colorScheme: scheme,
    reducedMotion: 'reduce',
  });
  const page = await context.newPage();
  const problems: string[] = [];
  page.on('pageerror', (e) => problems.push(e.message));
  page.on('console', (m) => {
    if (m.type() === 'error') problems.push(m.text());
  });
  await page.goto(url);
  return { page, problems };
}

/** What axe-core finds against WCAG 2.2 A and AA, a line each. */
export async function axeFindings(page: Page): Promise<string[]> {
  // evaluated through the debugger: the page's policy allows no script but its own
  await page.evaluate(axeCore.source);
  const violations = await page.evaluate(async () => {
    const { axe } = globalThis as unknown as { axe: typeof axeCore };
    const found = await axe.run({
      runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
    });
    return found.violations.map((v) => ({
      id: v.id,
      nodes: v.nodes.map((n) => `${n.target.join(' ')}: ${n.failureSummary ?? ''}`),
    }));
  });
  return violations.flatMap((v) => v.nodes.map((n) => `${v.id}: ${n}`));
}
