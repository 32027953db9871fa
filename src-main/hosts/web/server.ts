import { WebSocketServer } from 'ws';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { readFile } from 'node:fs/promises';
import { randomBytes, timingSafeEqual } from 'node:crypto';
import { extname, join, normalize, sep } from 'node:path';
import type { Channel } from '../../contract/bench/messages.ts';
import { webSocketChannel } from './websocket-channel.ts';
import { fail, ok, type Result } from '../../base/errors.ts';

/** What the page needs of the core. */
export interface WebBench {
  /** Answers one page until its channel closes. */
  connect(channel: Channel): void;
  reportHtml(runId: string): Promise<Result<string>>;
}

export interface WebHostOptions {
  readonly bench: WebBench;
  /** Folder of the built renderer. */
  readonly rendererDir: string;
  /** Loopback unless the user says otherwise. */
  readonly listen?: string;
  readonly port?: number;
}

export interface WebHost extends AsyncDisposable {
  readonly origin: string;
  /** The address to open once; it carries the token. */
  readonly url: string;
}

const COOKIE = 'microjoule';
/** A model of 16 MB and its frame. */
const MAX_MESSAGE_BYTES = 17 * 1024 * 1024;
const contentTypes: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
  '.json': 'application/json; charset=utf-8',
};
const csp =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; " +
  "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
/** The report is one file with its style inside and no script. */
const reportCsp =
  "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'";

function sameToken(given: string | undefined, token: string): boolean {
  if (!given) return false;
  const a = Buffer.from(given);
  const b = Buffer.from(token);
  return a.length === b.length && timingSafeEqual(a, b);
}

function cookieOf(request: IncomingMessage): string | undefined {
  return (request.headers.cookie ?? '')
    .split(';')
    .map((c) => c.trim().split('='))
    .find(([name]) => name === COOKIE)?.[1];
}

function send(
  response: ServerResponse,
  status: number,
  type: string,
  body: string | Buffer,
  policy = csp,
): void {
  response.writeHead(status, {
    'content-type': type,
    'content-security-policy': policy,
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cross-origin-resource-policy': 'same-origin',
    'cache-control': 'no-store',
  });
  response.end(body);
}

function sendFailure(response: ServerResponse, status: number, id: string, next: string): void {
  send(response, status, contentTypes['.json']!, JSON.stringify({ error: { id, next } }));
}

async function sendFile(response: ServerResponse, rendererDir: string, path: string): Promise<void> {
  const file = normalize(join(rendererDir, path === '/' ? 'index.html' : path));
  const type = contentTypes[extname(file)];
  // a normalised path that left the folder, or a type the page does not consist of, is nobody's business
  if (!file.startsWith(rendererDir + sep) || !type)
    return sendFailure(response, 404, 'web.not-found', 'Open the address the bench printed.');
  try {
    send(response, 200, type, await readFile(file));
  } catch {
    sendFailure(response, 404, 'web.not-found', 'Open the address the bench printed.');
  }
}

/** Serves the bench's page. Every request must carry the token's cookie and the host's own name. */
export async function serveBench(options: WebHostOptions): Promise<Result<WebHost>> {
  const token = randomBytes(24).toString('base64url');
  const listen = options.listen ?? '127.0.0.1';
  let hosts: ReadonlySet<string> = new Set();

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const host = request.headers.host ?? '';
    const origin = request.headers.origin;
    if (!hosts.has(host))
      return sendFailure(response, 421, 'web.wrong-host', 'Open the address the bench printed.');
    if (origin !== undefined && origin !== `http://${host}`)
      return sendFailure(response, 403, 'web.wrong-origin', "Only the bench's own page may talk to it.");
    if (request.method !== 'GET') return sendFailure(response, 405, 'web.method', 'This host only reads.');
    const url = new URL(request.url ?? '/', `http://${host}`);
    if (sameToken(url.searchParams.get('token') ?? undefined, token)) {
      response.writeHead(303, {
        'set-cookie': `${COOKIE}=${token}; HttpOnly; SameSite=Strict; Path=/`,
        location: '/',
        'referrer-policy': 'no-referrer',
      });
      response.end();
      return;
    }
    if (!sameToken(cookieOf(request), token))
      return sendFailure(
        response,
        401,
        'web.no-token',
        'Open the address the bench printed when it started; it carries the token.',
      );
    const report = /^\/report\/([\w-]{1,64})$/.exec(url.pathname);
    if (report) {
      const html = await options.bench.reportHtml(report[1]!);
      return html.ok
        ? send(response, 200, contentTypes['.html']!, html.value, reportCsp)
        : send(response, 404, contentTypes['.json']!, JSON.stringify({ error: html }));
    }
    return sendFile(response, options.rendererDir, url.pathname);
  };

  const server = createServer({ maxHeaderSize: 16 * 1024, requestTimeout: 10_000 }, (request, response) => {
    answer(request, response).catch(() => {
      if (!response.headersSent)
        sendFailure(response, 500, 'web.bug', 'This is a bug of Microjoule; please report it.');
      else response.end();
    });
  });
  server.maxConnections = 64;
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_MESSAGE_BYTES,
    perMessageDeflate: false,
  });
  server.on('upgrade', (request, socket, head) => {
    const host = request.headers.host ?? '';
    const ours =
      hosts.has(host) && request.headers.origin === `http://${host}` && sameToken(cookieOf(request), token);
    if (!ours || request.url !== '/bench') {
      socket.end('HTTP/1.1 403 Forbidden\r\nConnection: close\r\n\r\n');
      return;
    }
    sockets.handleUpgrade(request, socket, head, (ws) => options.bench.connect(webSocketChannel(ws)));
  });
  const listened = await new Promise<NodeJS.ErrnoException | null>((resolve) => {
    server.once('error', resolve);
    server.listen(options.port ?? 0, listen, () => resolve(null));
  });
  if (listened)
    return fail(
      'web.cannot-listen',
      { address: listen, port: options.port ?? 0, code: listened.code ?? '' },
      listened.code === 'EADDRINUSE'
        ? 'Another program uses this port.'
        : 'The address cannot be used on this computer.',
      'Choose another --port or --listen.',
    );
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  const name = listen.includes(':') ? `[${listen}]` : listen;
  hosts = new Set([`${name}:${port}`, `127.0.0.1:${port}`, `localhost:${port}`, `[::1]:${port}`]);
  const origin = `http://${name}:${port}`;
  return ok({
    origin,
    url: `${origin}/?token=${token}`,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets.clients) socket.terminate();
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  });
}
