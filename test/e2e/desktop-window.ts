import { spawn, type ChildProcess } from 'node:child_process';
import type { Readable } from 'node:stream';
import { join } from 'node:path';
import { _electron, type ElectronApplication, type Page } from 'playwright-core';
import type { BenchMessage } from '../../src-main/contract/bench/messages.ts';
import type { MethodInput, MethodName, MethodOutput } from '../../src-main/contract/bench/methods.ts';
import { electron22 } from './electron22.ts';

/** A screen that nobody sees. */
export interface Screen extends Disposable {
  readonly display: string;
}

export function openScreen(): Promise<Screen> {
  const server = spawn('Xvfb', ['-displayfd', '3', '-screen', '0', '1600x1000x24', '-nolisten', 'tcp'], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.once('exit', (code) => reject(new Error(`Xvfb ended with ${String(code)}`)));
    (server.stdio[3] as Readable).once('data', (number: Buffer) =>
      resolve({
        display: `:${number.toString().trim()}`,
        [Symbol.dispose]: () => void server.kill(),
      }),
    );
  });
}

export interface DesktopOptions {
  readonly display: string;
  /** Of settings, crash reports and the lock of the single instance. */
  readonly configDir: string;
  readonly args: readonly string[];
}

function environment({ display, configDir }: DesktopOptions): Record<string, string> {
  const { NODE_OPTIONS: _, ...env } = process.env as Record<string, string>;
  return {
    ...env,
    DISPLAY: display,
    XDG_CONFIG_HOME: configDir,
    MICROJOULE_SQLITE_ADDON: electron22.sqliteAddon,
  };
}

const words = (args: readonly string[]) => [
  '--no-sandbox',
  '--use-fake-device-for-media-stream',
  join(electron22.outDir, 'main.cjs'),
  ...args,
];

export interface Desktop extends AsyncDisposable {
  readonly app: ElectronApplication;
  readonly page: Page;
  /** What the app printed so far. */
  readonly said: () => string;
}

export async function openDesktop(options: DesktopOptions): Promise<Desktop> {
  const app = await _electron.launch({
    executablePath: electron22.executable,
    args: words(options.args),
    env: environment(options),
    timeout: 60_000,
  });
  let said = '';
  app.process().stderr?.on('data', (data: Buffer) => (said += data.toString()));
  const page = await app.firstWindow();
  await page.locator('#app > *').first().waitFor();
  return { app, page, said: () => said, [Symbol.asyncDispose]: () => app.close() };
}

/** The app once more, as a file manager starts it; resolves with its exit code. */
export function startAgain(options: DesktopOptions): Promise<number | null> {
  const child: ChildProcess = spawn(electron22.executable, words(options.args), {
    env: environment(options),
    stdio: 'ignore',
  });
  return new Promise((resolve) => child.once('exit', resolve));
}

/** What of a page's globals the tests use: this folder knows no DOM. */
interface PageGlobals {
  readonly microjouleDesktop: { requestPort(): void };
  addEventListener(type: 'message', listener: (event: PortEvent) => void): void;
  removeEventListener(type: 'message', listener: (event: PortEvent) => void): void;
}

interface PortEvent {
  readonly data: { readonly type?: string } | null;
  readonly ports: readonly PagePort[];
}

interface PagePort {
  onmessage: (event: { readonly data: { readonly m?: BenchMessage } }) => void;
  postMessage(message: unknown): void;
}

/**
 * One request from inside the page over a connection of its own, as the page's client makes one. `FailureError`s come as
 * errors with the failure's id.
 */
export async function ask<M extends MethodName>(
  page: Page,
  method: M,
  input: MethodInput<M>,
): Promise<MethodOutput<M>> {
  const answer = await page.evaluate(
    async ([name, given]) => {
      const globals = globalThis as unknown as PageGlobals;
      const port = await new Promise<PagePort>((resolve) => {
        const heard = (event: PortEvent): void => {
          if (event.data?.type !== 'microjoule-port') return;
          globals.removeEventListener('message', heard);
          resolve(event.ports[0]!);
        };
        globals.addEventListener('message', heard);
        globals.microjouleDesktop.requestPort();
      });
      const message = await new Promise<BenchMessage>((resolve) => {
        // after a core that died the page's own client asks for a port at the same time and both may hear of the same
        const id = Math.floor(Math.random() * 1e12);
        const lost = { id: 'bench.connection-lost', facts: {}, cause: '', next: '' };
        globals.addEventListener('message', (event) => {
          if (event.data?.type === 'microjoule-port-lost') resolve({ type: 'failure', id, failure: lost });
        });
        port.onmessage = ({ data }) => {
          if (data.m?.id === id) resolve(data.m);
        };
        port.postMessage({ m: { type: 'request', id, method: name, input: given } });
      });
      port.postMessage({ bye: true });
      return message.type === 'failure' ? { failure: message.failure } : { value: message.value };
    },
    [method, input] as const,
  );
  if ('failure' in answer) throw new Error(`${answer.failure.id} ${JSON.stringify(answer.failure.facts)}`);
  return answer.value as MethodOutput<M>;
}

/** The same over a WebSocket of the page's own, for answers without typed arrays: the text of the framing is all there is. */
export async function askSocket<M extends MethodName>(
  page: Page,
  url: string,
  method: M,
  input: MethodInput<M>,
): Promise<MethodOutput<M>> {
  const message = await page.evaluate<BenchMessage>(
    `new Promise((resolve, reject) => {
       const json = new TextEncoder().encode(${JSON.stringify(JSON.stringify({ type: 'request', id: 1, method, input }))});
       const bytes = new Uint8Array(Math.ceil((4 + json.length) / 8) * 8);
       new DataView(bytes.buffer).setUint32(0, json.length, true);
       bytes.set(json, 4);
       const socket = new WebSocket(${JSON.stringify(url)});
       socket.binaryType = 'arraybuffer';
       socket.onopen = () => socket.send(bytes);
       socket.onerror = () => reject(new Error('no connection'));
       socket.onmessage = ({ data }) => {
         const length = new DataView(data).getUint32(0, true);
         resolve(JSON.parse(new TextDecoder().decode(new Uint8Array(data, 4, length))));
         socket.close();
       };
     })`,
  );
  if (message.type !== 'answer') throw new Error(JSON.stringify(message));
  return message.value as MethodOutput<M>;
}
