import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { chromium, type Browser, type Page } from 'playwright-core';
import { packageDesktop, stageDesktop } from '../../scripts/package-desktop.ts';
import { rendererDir } from '../../src-main/hosts/built.ts';
import { root } from '../needs.ts';
import { electron22 } from './electron22.ts';

/** The desktop app packaged with Electron 22 as a folder; returns its program. */
export async function packageForElectron22(dir: string): Promise<string> {
  stageDesktop({ bundles: electron22.outDir, renderer: rendererDir });
  const config = join(dir, 'electron-builder.yml');
  writeFileSync(
    config,
    readFileSync(join(root, 'electron-builder.yml'), 'utf8')
      // a fuse that Electron 22 has not yet
      .replace(/^ {2}grantFileProtocolExtraPrivileges: .*\n/m, '')
      .replace('output: dist/packages', `output: ${dir}/packages`) +
      `electronDist: ${electron22.dist}\nelectronVersion: 22.3.25\n`,
  );
  await packageDesktop(['--config', config]);
  return join(dir, 'packages/linux-unpacked/microjoule');
}

export interface Packaged extends AsyncDisposable {
  readonly page: Page;
  readonly said: () => string;
}

/** Playwright cannot drive its main process: the fuses keep the inspector away. The page it can. */
export async function openPackaged(
  program: string,
  args: readonly string[],
  env: Record<string, string>,
): Promise<Packaged> {
  const app = spawn(program, ['--no-sandbox', '--remote-debugging-port=0', ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  const address = await new Promise<string>((resolve, reject) => {
    app.stderr.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      const found = /DevTools listening on (ws:\S+)/.exec(said)?.[1];
      if (found) resolve(found);
    });
    app.once('exit', (code) => reject(new Error(`ended with ${String(code)}: ${said}`)));
  });
  const browser: Browser = await chromium.connectOverCDP(address, { noDefaults: true });
  const context = browser.contexts()[0]!;
  const page = context.pages()[0] ?? (await context.waitForEvent('page'));
  await page.locator('#app > *').first().waitFor();
  const ended = new Promise<void>((resolve) => app.once('exit', () => resolve()));
  return {
    page,
    said: () => said,
    async [Symbol.asyncDispose]() {
      await browser.close();
      app.kill();
      await ended;
    },
  };
}
