/** The carriers of the bench's contract, each as a way to connect one more page to a service. */
import { MessageChannel } from 'node:worker_threads';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WebSocket } from 'ws';
import { ok, orThrow } from '../../src-main/base/errors.ts';
import type { Channel } from '../../src-main/contract/bench/messages.ts';
import { channelPair } from '../../src-main/hosts/bench/channel-pair.ts';
import { serveConnection } from '../../src-main/hosts/bench/connection.ts';
import { portChannel } from '../../src-main/hosts/bench/port-channel.ts';
import type { BenchService } from '../../src-main/hosts/bench/service.ts';
import { serveBench } from '../../src-main/hosts/web/server.ts';
import { portChannel as pagePortChannel, type PagePort } from '../../src-renderer/client/port-channel.ts';
import { openWebSocketChannel } from '../../src-renderer/client/websocket-channel.ts';

export type Service = Pick<BenchService, 'request' | 'subscribe'>;

export interface Carrier extends AsyncDisposable {
  /** The page's end, by the page's own code. */
  connect(): Promise<Channel>;
}

export interface CarrierKind {
  readonly name: string;
  readonly open: (service: Service) => Promise<Carrier>;
}

async function inProcess(service: Service): Promise<Carrier> {
  return {
    async connect() {
      const [bench, page] = channelPair();
      serveConnection(service, bench);
      return page;
    },
    async [Symbol.asyncDispose]() {
      // nothing is open but what the pages hold
    },
  };
}

async function messagePort(service: Service): Promise<Carrier> {
  const ports = new Set<{ close(): void }>();
  return {
    async connect() {
      const { port1, port2 } = new MessageChannel();
      ports.add(port1);
      serveConnection(service, portChannel(port1));
      return pagePortChannel(port2 as unknown as PagePort);
    },
    async [Symbol.asyncDispose]() {
      for (const port of ports) port.close();
    },
  };
}

/** The page's code makes a WebSocket of its address alone: the browser adds cookie and origin. */
async function withBrowserSocket<T>(headers: Record<string, string>, act: () => Promise<T>): Promise<T> {
  const globals = globalThis as { WebSocket: unknown };
  const original = globals.WebSocket;
  globals.WebSocket = class extends WebSocket {
    constructor(url: string) {
      super(url, { headers });
    }
  };
  try {
    return await act();
  } finally {
    globals.WebSocket = original;
  }
}

/** What a browser keeps of the address that carries the token. */
export async function cookieOf(url: string): Promise<string> {
  const first = await fetch(url, { redirect: 'manual' });
  return first.headers.get('set-cookie')!.split(';')[0]!;
}

async function webSocket(service: Service): Promise<Carrier> {
  const rendererDir = mkdtempSync(join(tmpdir(), 'microjoule-carrier-'));
  writeFileSync(join(rendererDir, 'index.html'), '<!doctype html>');
  const host = orThrow(
    await serveBench({
      rendererDir,
      bench: {
        connect: (channel) => serveConnection(service, channel),
        reportHtml: () => Promise.resolve(ok('')),
      },
    }),
  );
  const cookie = await cookieOf(host.url);
  const { origin } = host;
  return {
    connect: () =>
      withBrowserSocket({ cookie, origin }, () =>
        openWebSocketChannel(`${origin.replace('http', 'ws')}/bench`),
      ),
    async [Symbol.asyncDispose]() {
      await host[Symbol.asyncDispose]();
      rmSync(rendererDir, { recursive: true });
    },
  };
}

export const carriers: readonly CarrierKind[] = [
  { name: 'in process', open: inProcess },
  { name: 'MessagePort', open: messagePort },
  { name: 'WebSocket', open: webSocket },
];
