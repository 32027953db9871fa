/** A hostile page, or program, before the web host: it gets nothing, the bench lives on, other pages notice nothing. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { ok, orThrow } from '../../src-main/base/errors.ts';
import { Rng } from '../../src-main/base/rng.ts';
import { encodeMessage } from '../../src-main/contract/bench/encoding.ts';
import { serveConnection } from '../../src-main/hosts/bench/connection.ts';
import { MAX_MESSAGE_BYTES } from '../../src-main/hosts/web/page-sockets.ts';
import { serveBench, type WebHost } from '../../src-main/hosts/web/server.ts';
import { webSocketChannel } from '../../src-main/hosts/web/websocket-channel.ts';
import { BenchClient } from '../../src-renderer/client/bench-client.ts';
import { cookieOf } from '../contract/bench-carriers.ts';

let dir: string;
let host: WebHost;
let cookie: string;
let port: number;
let nowMs: number;
/** Of the host of the test; pages of the one before may still be closing. */
let count: { pages: number };

async function serve(timing: { readonly headersWithinMs?: number; readonly heartbeatMs?: number } = {}) {
  const own = { pages: 0 };
  count = own;
  host = orThrow(
    await serveBench({
      rendererDir: dir,
      nowMs: () => nowMs,
      ...timing,
      bench: {
        connect: (channel) => {
          own.pages++;
          channel.onClose(() => own.pages--);
          serveConnection(
            {
              request: (_method, input) => Promise.resolve(ok(input)),
              subscribe: () => ok({ [Symbol.dispose]: () => {} }),
            },
            channel,
          );
        },
        reportHtml: () => Promise.resolve(ok('<h1>secret</h1>')),
      },
    }),
  );
  cookie = await cookieOf(host.url);
  port = Number(new URL(host.origin).port);
}

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'microjoule-web-'));
  writeFileSync(join(dir, 'index.html'), '<!doctype html><title>bench</title>');
  nowMs = 0;
  await serve();
});
afterEach(async () => {
  await host[Symbol.asyncDispose]();
  rmSync(dir, { recursive: true });
});

/** Headers of the bench's own page; undefined leaves one out. */
function own(changes: Readonly<Record<string, string | undefined>> = {}): Record<string, string> {
  const all = { cookie, origin: host.origin, ...changes };
  return Object.fromEntries(Object.entries(all).filter((e): e is [string, string] => e[1] !== undefined));
}

interface Opened {
  readonly socket: WebSocket;
  readonly closed: Promise<number>;
}

/** The status with which it was refused, or the open socket. */
function open(headers = own(), path = '/bench', options = {}): Promise<number | Opened> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, { headers, ...options });
  const closed = new Promise<number>((resolve) => socket.once('close', resolve));
  return new Promise((resolve) => {
    socket.on('error', () => resolve(-1));
    socket.once('unexpected-response', (_request, response) => {
      resolve(response.statusCode ?? 0);
      socket.terminate();
    });
    socket.once('open', () => resolve({ socket, closed }));
  });
}

async function opened(options = {}): Promise<Opened> {
  const result = await open(own(), '/bench', options);
  if (typeof result === 'number') throw new Error(`refused with ${result}`);
  return result;
}

async function page(): Promise<BenchClient> {
  return new BenchClient(webSocketChannel((await opened()).socket));
}

const works = async (client: BenchClient): Promise<boolean> =>
  (await client.request('bench.about', {})).ok && client.open;

async function until(met: () => boolean): Promise<void> {
  while (!met()) await new Promise((resolve) => setImmediate(resolve));
}

/** What the host answers to these bytes before it closes the connection. */
function rawAnswer(bytes: string | Uint8Array): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  let answer = '';
  socket.setEncoding('latin1').on('data', (text: string) => (answer += text));
  socket.on('error', () => {});
  socket.write(bytes);
  return new Promise((resolve) => socket.once('close', () => resolve(answer)));
}

describe('who opens the WebSocket', () => {
  it.each([
    ['of a foreign page', { origin: 'http://evil.example' }],
    ['of a page on another port', { origin: 'http://127.0.0.1:1' }],
    ['of no page', { origin: undefined }],
    ['of a page without origin', { origin: 'null' }],
    ['without a token', { cookie: undefined }],
    ['with a wrong token', { cookie: 'microjoule-1=AAAA' }],
    ['under another name (DNS rebinding)', { host: 'evil.example' }],
    ['of the desktop app without a token', { origin: 'app://microjoule', cookie: undefined }],
    ['of another app', { origin: 'app://other' }],
  ])('%s gets nothing', async (_what, changes) => {
    expect(await open(own(changes))).toBe(403);
    expect(count.pages).toBe(0);
  });

  it('with the token of another bench gets nothing', async () => {
    const token = cookie.split('=')[1]!;
    const other = token.slice(0, -1) + (token.endsWith('A') ? 'B' : 'A');
    expect(await open(own({ cookie: `microjoule-${port}=${other}` }))).toBe(403);
  });

  it('at another path gets nothing', async () => {
    for (const path of ['/', '/bench/', '/bench?x', '/report/1']) expect(await open(own(), path)).toBe(403);
  });

  it('of the desktop app with the token is a page', async () => {
    const result = await open(own({ origin: 'app://microjoule' }));
    expect(typeof result).toBe('object');
    if (typeof result === 'object') result.socket.terminate();
  });

  it('through a tunnel, on another port, is a page', async () => {
    const result = await open(own({ host: 'localhost:9999', origin: 'http://localhost:9999' }));
    expect(typeof result).toBe('object');
    if (typeof result === 'object') result.socket.terminate();
  });
});

describe('a page that misbehaves is ended; the others go on', () => {
  const attacks: readonly (readonly [string, (attacker: WebSocket) => void])[] = [
    ['sends more than a message may hold', (s) => s.send(new Uint8Array(MAX_MESSAGE_BYTES + 1))],
    ['sends text', (s) => s.send('{"type":"request"}')],
    ['sends bytes that are no message', (s) => s.send(Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8))],
    ['sends a message of no kind we know', (s) => s.send(encodeMessage({ type: 'shutdown' }))],
    ['sends nothing at all as a message', (s) => s.send(new Uint8Array(0))],
    [
      'floods with requests',
      (s) => {
        for (let id = 0; id < 5000; id++)
          s.send(encodeMessage({ type: 'request', id, method: 'x', input: 1 }));
      },
    ],
    [
      'floods with bytes',
      (s) => {
        const large = encodeMessage({ type: 'cancel', id: 1, bytes: new Uint8Array(16 * 1024 * 1024) });
        for (let i = 0; i < 20; i++) s.send(large);
      },
    ],
  ];
  it.each(attacks)('one that %s', async (_what, attack) => {
    const bystander = await page();
    const { socket, closed } = await opened();
    attack(socket);
    await closed;
    await until(() => count.pages === 1);
    expect(await works(bystander)).toBe(true);
    bystander.close();
  });

  it('one that breaks the framing of WebSockets', async () => {
    const bystander = await page();
    const rng = new Rng(21);
    const key = Buffer.from('0123456789abcdef').toString('base64');
    const head =
      `GET /bench HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nOrigin: ${host.origin}\r\nCookie: ${cookie}\r\n` +
      `Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n\r\n`;
    const frames = [
      Uint8Array.of(0xf2, 0x80, 0, 0, 0, 0),
      Uint8Array.of(0x82, 0x05, 1, 2, 3, 4, 5),
      Uint8Array.of(0x82, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0),
      ...Array.from({ length: 30 }, () => Uint8Array.from({ length: 40 }, () => rng.int(0x83, 255))),
    ];
    for (const frame of frames)
      expect(await rawAnswer(Buffer.concat([Buffer.from(head), frame]))).toMatch(/^HTTP\/1.1 101/);
    expect(await works(bystander)).toBe(true);
    bystander.close();
  });

  it('one that asks as fast as screens do is not a flood', async () => {
    const client = await page();
    for (let second = 0; second < 5; second++) {
      for (let i = 0; i < 250; i++) expect(await works(client)).toBe(true);
      nowMs += 1000;
    }
    client.close();
  });

  it('one that does not answer pings any more', async () => {
    await host[Symbol.asyncDispose]();
    await serve({ heartbeatMs: 500 });
    const bystander = await page();
    const { closed } = await opened({ autoPong: false });
    await closed;
    expect(await works(bystander)).toBe(true);
    bystander.close();
  });

  it('one page too many is refused; the others stay', async () => {
    const many = await Promise.all(Array.from({ length: 32 }, () => page()));
    expect(await open()).toBe(503);
    expect(await Promise.all(many.map(works))).toEqual(many.map(() => true));
    many[0]!.close();
    await until(() => count.pages === 31);
    const next = await page();
    expect(await works(next)).toBe(true);
    for (const client of [...many, next]) client.close();
  });
});

describe('who only connects', () => {
  const silent = async (
    count: number,
  ): Promise<{ readonly sockets: Socket[]; readonly closed: () => number }> => {
    let ended = 0;
    const sockets = await Promise.all(
      Array.from(
        { length: count },
        () =>
          new Promise<Socket>((resolve) => {
            const socket = connect(port, '127.0.0.1', () => resolve(socket));
            socket.on('error', () => {}).once('close', () => ended++);
          }),
      ),
    );
    return { sockets, closed: () => ended };
  };

  it('a hundred times and says nothing makes room for whoever comes next', async () => {
    const bystander = await page();
    const { sockets, closed } = await silent(100);
    await until(() => closed() >= 68);
    const late = await page();
    expect(await works(late)).toBe(true);
    expect(await works(bystander)).toBe(true);
    for (const socket of sockets) socket.destroy();
    late.close();
    bystander.close();
  });

  it('and sends its request byte by byte is ended (slowloris)', async () => {
    await host[Symbol.asyncDispose]();
    await serve({ headersWithinMs: 200 });
    const { sockets, closed } = await silent(10);
    for (const socket of sockets) socket.write('GET / HTTP/1.1\r\nHost: 127');
    const drip = setInterval(() => {
      for (const socket of sockets) if (socket.writable) socket.write('.');
    }, 10);
    await until(() => closed() === 10);
    clearInterval(drip);
    const client = await page();
    expect(await works(client)).toBe(true);
    client.close();
  });

  it('and breaks off in the middle of anything does no harm', async () => {
    const texts = ['', 'GET', 'GET /bench HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n'];
    for (const text of texts) {
      const { sockets, closed } = await silent(5);
      for (const socket of sockets) {
        socket.write(text);
        socket.resetAndDestroy();
      }
      await until(() => closed() === 5);
    }
    const client = await page();
    expect(await works(client)).toBe(true);
    client.close();
  });
});

describe('who asks by HTTP', () => {
  it('without the token and too often is put off; who has it is served', async () => {
    const statuses: number[] = [];
    for (let i = 0; i < 230; i++) statuses.push((await fetch(`${host.origin}/`)).status);
    expect(statuses.filter((s) => s === 401).length).toBeGreaterThan(150);
    expect(statuses.at(-1)).toBe(429);
    expect((await fetch(`${host.origin}/`, { headers: { cookie } })).status).toBe(200);
    nowMs += 1000;
    expect((await fetch(`${host.origin}/`)).status).toBe(401);
  });

  it('from another site gets nothing, even with the cookie', async () => {
    for (const site of ['cross-site', 'same-site']) {
      const status = await new Promise<number>((resolve, reject) => {
        const headers = { cookie, 'sec-fetch-site': site };
        request(`${host.origin}/report/1`, { headers }, (r) => resolve(r.resume().statusCode ?? 0))
          .on('error', reject)
          .end();
      });
      expect(status).toBe(403);
    }
  });

  it.each([
    ['no request at all', 'hello\r\n\r\n', 400],
    ['a request of another protocol', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', 400],
    ['more header than fits', `GET / HTTP/1.1\r\nHost: x\r\nCookie: ${'a'.repeat(20_000)}\r\n\r\n`, 431],
    ['two lengths', 'GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n', 400],
    ['no host', 'GET / HTTP/1.1\r\n\r\n', 400],
    [
      'a whole address',
      'GET http://evil.example/ HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n',
      421,
    ],
    ['a tunnel', 'CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example\r\n\r\n', 0],
  ])('with %s gets no page', async (_what, bytes, status) => {
    const answer = await rawAnswer(bytes);
    expect(Number(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1] ?? 0)).toBe(status);
    expect(answer).not.toContain('bench</title>');
    const client = await page();
    expect(await works(client)).toBe(true);
    client.close();
  });

  it('is told on every page what it may do there', async () => {
    const { headers } = await fetch(`${host.origin}/`, { headers: { cookie } });
    // the report's own style sheet is known by its hash; nothing else is allowed inline
    const policy = headers.get('content-security-policy')!.replace(/ 'sha256-[\w+/=]+'/, '');
    expect(policy).toBe(
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; " +
        "connect-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    );
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('cache-control')).toBe('no-store');
  });
});
