import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { failureText } from '../base/errors.ts';
import { openCore } from './cli/open-core.ts';
import { serveCore } from './bench-page.ts';
import { electronBinary } from './electron-binary.ts';
import { onStopRequest } from './stop-request.ts';

/** `npm start`: the desktop window where Electron is or can be fetched, else the same page in the browser. */
export async function start(args: readonly string[]): Promise<void> {
  const core = await openCore(null);
  if (!core.ok) {
    console.error(failureText(core));
    process.exitCode = 5;
    return;
  }
  const host = await serveCore(core.value, {}, (line) => console.error(line));
  if (!host.ok) {
    console.error(failureText(host));
    process.exitCode = 1;
    return;
  }
  const stop = async () => {
    await host.value[Symbol.asyncDispose]();
    await core.value[Symbol.asyncDispose]();
  };
  const browser = args.includes('--browser');
  const electron = browser ? null : await electronBinary({ note: (line) => console.error(line) });
  if (electron) {
    const window = spawn(
      electron,
      [join(import.meta.dirname, 'electron/main.cjs'), `--attach=${host.value.url}`],
      { stdio: 'inherit' },
    );
    window.on('close', () => void stop());
    onStopRequest(
      () => window.kill(),
      () => process.exit(130),
    );
    return;
  }
  console.log(
    `${browser ? 'The page is at' : 'Electron is not here and cannot be fetched; the same page is at'}\n${host.value.url}\n(Ctrl-C ends it)`,
  );
  const opener = { linux: 'xdg-open', darwin: 'open' }[process.platform as string];
  if (opener && process.stdout.isTTY)
    spawn(opener, [host.value.url], { stdio: 'ignore', detached: true })
      .on('error', () => {})
      .unref();
  onStopRequest(
    () => void stop(),
    () => process.exit(130),
  );
}
