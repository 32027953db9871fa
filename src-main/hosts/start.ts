import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { failureText, type Failure } from '../base/errors.ts';
import { serveCore } from './bench-page.ts';
import { desktopDir, ensureDesktop, ensureRenderer } from './built.ts';
import { openCore } from './cli/open-core.ts';
import { electronBinary } from './electron-binary.ts';
import { onStopRequest } from './stop-request.ts';

const note = (line: string): void => console.error(line);

/** `npm start`: the desktop app where Electron is or can be fetched, else the same page in the browser. */
export async function start(args: readonly string[]): Promise<void> {
  const browser = args.includes('--browser');
  const electron = browser ? null : await electronBinary({ note });
  return electron ? startDesktop(electron, args) : startPage(browser);
}

function stopWith(failure: Failure, exitCode: number): void {
  console.error(failureText(failure));
  process.exitCode = exitCode;
}

async function startDesktop(electron: string, args: readonly string[]): Promise<void> {
  for (const ensure of [ensureRenderer, ensureDesktop]) {
    const built = await ensure(note);
    if (!built.ok) return stopWith(built, 1);
  }
  const app = spawn(electron, [join(desktopDir, 'main.cjs'), ...args], { stdio: 'inherit' });
  app.on('close', (code) => (process.exitCode = code ?? 1));
  onStopRequest(
    () => app.kill(),
    () => process.exit(130),
  );
}

async function startPage(asked: boolean): Promise<void> {
  const core = await openCore(null);
  if (!core.ok) return stopWith(core, 5);
  const host = await serveCore(core.value, {}, note);
  if (!host.ok) return stopWith(host, 1);
  const { url } = host.value;
  console.log(
    `${asked ? 'The page is at' : 'Electron is not here and cannot be fetched; the same page is at'}\n${url}\n(Ctrl-C ends it)`,
  );
  const opener = { linux: 'xdg-open', darwin: 'open' }[process.platform as string];
  if (opener && process.stdout.isTTY)
    spawn(opener, [url], { stdio: 'ignore', detached: true })
      .on('error', () => {})
      .unref();
  onStopRequest(
    () =>
      void (async () => {
        await host.value[Symbol.asyncDispose]();
        await core.value[Symbol.asyncDispose]();
      })(),
    () => process.exit(130),
  );
}
