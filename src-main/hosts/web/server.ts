import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { fail, ok, type Failure, type Result } from '../../base/errors.ts';
import type { PacedChannel } from '../../contract/bench/messages.ts';
import { contentTypes, guardHeaders, pageCsp, readPageFile, reportCsp, reportOf } from '../page-files.ts';
import { Access, type Refusal } from './access.ts';
import { PageSockets } from './page-sockets.ts';
import { Strangers } from './strangers.ts';
import { TokenBucket } from './token-bucket.ts';

/** What the page needs of the core. */
export interface WebBench {
  /** Answers one page until its channel closes. */
  connect(channel: PacedChannel): void;
  reportHtml(runId: string): Promise<Result<string>>;
}

export interface WebHostOptions {
  readonly bench: WebBench;
  /** Folder of the built renderer. */
  readonly rendererDir: string;
  /** Loopback unless the user says otherwise. */
  readonly listen?: string;
  readonly port?: number;
  /** Of the limits; a monotonic clock. */
  readonly nowMs?: () => number;
  /** How often a page is asked whether it is still there. */
  readonly heartbeatMs?: number;
  /** How long the head of a request may take. */
  readonly headersWithinMs?: number;
}

export interface WebHost extends AsyncDisposable {
  readonly origin: string;
  /** The address to open once; it carries the token. */
  readonly url: string;
}

/** Connections without the token at once. */
const MAX_STRANGERS = 32;
const MAX_PAGES = 32;
/** Requests without the token, of all together. */
const STRANGE_REQUESTS = { perSecond: 50, burst: 200 };

const limits = {
  maxHeaderSize: 16 * 1024,
  requestTimeout: 10_000,
  keepAliveTimeout: 5000,
};

type Headers = Readonly<Record<string, string>>;

function send(
  response: ServerResponse,
  status: number,
  type: string,
  body: string | Buffer,
  extra: Headers = {},
): void {
  response.writeHead(status, {
    'content-type': type,
    'content-security-policy': pageCsp(),
    ...guardHeaders,
    ...extra,
  });
  response.end(body);
}

/** Who is refused is not kept. */
function refuse(
  response: ServerResponse,
  { status, id, next }: Omit<Refusal, 'status'> & { status: number },
) {
  const body = JSON.stringify({ error: { id, next } });
  send(response, status, contentTypes['.json'], body, { connection: 'close' });
}

const refusals = {
  flood: { status: 429, id: 'web.too-many-requests', next: 'Wait a second.' },
  method: { status: 405, id: 'web.method', next: 'This host only reads.' },
  notFound: { status: 404, id: 'web.not-found', next: 'Open the address the bench printed.' },
  bug: { status: 500, id: 'web.bug', next: 'This is a bug of Microjoule; please report it.' },
};

/** What is served, to whom, and no more than so much of it. */
class PageServer {
  readonly access = new Access();
  readonly #options: WebHostOptions;
  readonly #strangers = new Strangers(MAX_STRANGERS);
  readonly #strangeRequests: TokenBucket;
  readonly #pages: PageSockets;
  readonly server: Server;

  constructor(options: WebHostOptions) {
    const nowMs = options.nowMs ?? (() => performance.now());
    this.#options = options;
    this.#strangeRequests = new TokenBucket(STRANGE_REQUESTS, nowMs);
    this.#pages = new PageSockets({
      connect: (channel) => options.bench.connect(channel),
      maxPages: MAX_PAGES,
      heartbeatMs: options.heartbeatMs ?? 30_000,
      nowMs,
    });
    // a request that comes byte by byte is ended, and that is looked at often enough
    const headersTimeout = options.headersWithinMs ?? 5000;
    const timing = { headersTimeout, connectionsCheckingInterval: headersTimeout / 5 };
    this.server = createServer({ ...limits, ...timing }, (request, response) => {
      this.#answer(request, response).catch(() => {
        if (response.headersSent) response.destroy();
        else refuse(response, refusals.bug);
      });
    });
    this.server.setTimeout(30_000);
    this.server.on('connection', (socket) => this.#strangers.add(socket));
    this.server.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { headers, socket } = request;
    const known = this.access.hasToken(headers);
    if (!known && !this.#strangeRequests.take(1)) return refuse(response, refusals.flood);
    const misplaced = this.access.refusePlace(headers);
    if (misplaced) return refuse(response, misplaced);
    if (request.method !== 'GET') return refuse(response, refusals.method);
    const url = URL.parse(request.url ?? '/', 'http://bench');
    if (!url) return refuse(response, refusals.notFound);
    if (this.access.isToken(url.searchParams.get('token'))) return this.#welcome(response);
    const refused = this.access.refuseRequest(headers);
    if (refused) return refuse(response, refused);
    this.#strangers.known(socket);
    return this.#serve(url.pathname, response);
  }

  /** The token leaves the address bar. */
  #welcome(response: ServerResponse): void {
    response.writeHead(303, {
      'set-cookie': this.access.setCookie(),
      location: '/',
      'referrer-policy': 'no-referrer',
    });
    response.end();
  }

  async #serve(path: string, response: ServerResponse): Promise<void> {
    const { bench, rendererDir } = this.#options;
    const report = reportOf(path);
    if (report !== null) {
      const html = await bench.reportHtml(report);
      if (!html.ok) return send(response, 404, contentTypes['.json'], JSON.stringify({ error: html }));
      return send(response, 200, contentTypes['.html'], html.value, { 'content-security-policy': reportCsp });
    }
    const file = await readPageFile(rendererDir, path);
    return file ? send(response, 200, file.type, file.bytes) : refuse(response, refusals.notFound);
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    // the other side may break off at any time, and nobody else listens to this socket any more
    socket.on('error', () => socket.destroy());
    const refused = request.url === '/bench' ? this.access.refuseSocket(request.headers) : refusals.notFound;
    if (refused || this.#pages.full) {
      const status = refused ? '403 Forbidden' : '503 Service Unavailable';
      socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\n\r\n`, () => socket.destroy());
      return;
    }
    this.#strangers.known(request.socket);
    this.#pages.open(request, socket, head);
  }

  async close(): Promise<void> {
    this.#pages[Symbol.dispose]();
    this.server.closeAllConnections();
    await new Promise<void>((resolve) => this.server.close(() => resolve()));
  }
}

function cannotListen(address: string, port: number, code: string): Failure {
  return fail(
    'web.cannot-listen',
    { address, port, code },
    code === 'EADDRINUSE'
      ? 'Another program uses this port.'
      : 'The address cannot be used on this computer.',
    'Choose another --port or --listen.',
  );
}

/** Serves the bench's page. Every request must carry the token's cookie and a name of this host. `web.cannot-listen`. */
export async function serveBench(options: WebHostOptions): Promise<Result<WebHost>> {
  const page = new PageServer(options);
  const { server, access } = page;
  const listen = options.listen ?? '127.0.0.1';
  const listened = await new Promise<NodeJS.ErrnoException | null>((resolve) => {
    server.once('error', resolve);
    server.listen(options.port ?? 0, listen, () => resolve(null));
  });
  if (listened) {
    await page.close();
    return cannotListen(listen, options.port ?? 0, listened.code ?? '');
  }
  // a connection that cannot be accepted (no more files) is that connection's misfortune
  server.on('error', () => {});
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  const name = listen.includes(':') ? `[${listen}]` : listen;
  access.listensOn(name, port);
  const origin = `http://${name}:${port}`;
  return ok({
    origin,
    url: `${origin}/?token=${access.token}`,
    [Symbol.asyncDispose]: () => page.close(),
  });
}
