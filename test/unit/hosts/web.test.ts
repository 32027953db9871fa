import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fail, ok, orThrow } from '../../../src-main/base/errors.ts';
import { serveBench, type WebHost } from '../../../src-main/hosts/web/server.ts';

interface Answer {
  readonly status: number;
  readonly headers: Record<string, string | string[] | undefined>;
  readonly body: string;
}

function get(url: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const r = request(url, { method, headers }, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => (body += chunk));
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body }),
      );
    });
    r.on('error', reject);
    r.end();
  });
}

let dir: string;
let host: WebHost;
let cookie: string;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'microjoule-web-'));
  writeFileSync(join(dir, 'index.html'), '<!doctype html><title>bench</title>');
  writeFileSync(join(dir, 'secret.txt'), 'no');
  host = orThrow(
    await serveBench({
      rendererDir: dir,
      bench: {
        connect: () => {},
        reportHtml: (id) =>
          Promise.resolve(
            id === 'r1'
              ? ok('<h1>report</h1>')
              : fail('store.no-run', { id }, 'There is no such run.', 'List them.'),
          ),
      },
    }),
  );
  const first = await get(host.url);
  cookie = String(first.headers['set-cookie']).split(';')[0]!;
});

afterAll(async () => {
  await host[Symbol.asyncDispose]();
  rmSync(dir, { recursive: true });
});

describe('web host', () => {
  it('hands the token to the browser as a cookie no script can read, and only to loopback', async () => {
    const first = await get(host.url);
    expect(first.status).toBe(303);
    expect(String(first.headers['set-cookie'])).toMatch(/HttpOnly; SameSite=Strict/);
    expect(host.origin).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  });

  it('serves page and reports to who has it', async () => {
    expect((await get(`${host.origin}/`, { cookie })).body).toContain('bench');
    const report = await get(`${host.origin}/report/r1`, { cookie });
    expect(report.body).toBe('<h1>report</h1>');
    expect(report.headers['content-security-policy']).not.toContain('script-src');
    expect((await get(`${host.origin}/report/r2`, { cookie })).status).toBe(404);
  });

  it.each([
    ['no token', {}, 401],
    ['a wrong token', { cookie: 'microjoule=AAAA' }, 401],
    ['a foreign origin', { origin: 'http://evil.example' }, 403],
    ['another host name (DNS rebinding)', { host: 'evil.example' }, 421],
  ])('gives nothing for %s', async (_what, headers, status) => {
    const answer = await get(`${host.origin}/report/r1`, {
      ...(status === 401 ? {} : { cookie }),
      ...headers,
    });
    expect(answer.status).toBe(status);
    expect(answer.body).not.toContain('<h1>');
    expect(JSON.parse(answer.body)).toHaveProperty('error.next');
  });

  it('leaves its folder by no path and serves no other kind of file', async () => {
    for (const path of ['/../package.json', '/..%2f..%2fetc/passwd', '/secret.txt', '/%00'])
      expect((await get(`${host.origin}${path}`, { cookie })).status).toBe(404);
  });

  it('only reads', async () => {
    expect((await get(`${host.origin}/report/r1`, { cookie }, 'POST')).status).toBe(405);
  });

  it('says which port is taken', async () => {
    const port = Number(new URL(host.origin).port);
    const second = await serveBench({
      rendererDir: dir,
      port,
      bench: { connect: () => {}, reportHtml: () => Promise.resolve(ok('')) },
    });
    expect(second.ok).toBe(false);
    if (!second.ok) expect(second.facts.code).toBe('EADDRINUSE');
  });
});
