import { randomUUID } from 'node:crypto';
import { get } from 'node:http';
import { protocol, type Session } from 'electron';
import { DESKTOP_ORIGIN } from '../../contract/bench/desktop.ts';
import { contentTypes, guardHeaders, pageCsp, readPageFile, reportCsp, reportOf } from '../page-files.ts';
import type { Served } from './arguments.ts';
import type { ReportAnswer } from './core-process.ts';
import { isOwnUrl } from './sender.ts';

const SCHEME = new URL(DESKTOP_ORIGIN).protocol.slice(0, -1);

/** Before the app is ready. Privileged: a real origin with storage, fetch and a secure context; never a file. */
export function declareAppScheme(): void {
  protocol.registerSchemesAsPrivileged([
    { scheme: SCHEME, privileges: { standard: true, secure: true, supportFetchAPI: true } },
  ]);
}

export interface PageContent {
  readonly rendererDir: string;
  readonly report: (run: string) => Promise<ReportAnswer>;
  readonly attach: Served | null;
  readonly print: PrintPages;
}

/** Pages that are being printed: only the window that prints knows their names, and each is shown once. */
export class PrintPages {
  readonly #pages = new Map<string, string>();

  /** The address to load. */
  add(html: string): string {
    const name = randomUUID();
    this.#pages.set(`/print/${name}`, html);
    return `${DESKTOP_ORIGIN}/print/${name}`;
  }

  take(path: string): string | null {
    const html = this.#pages.get(path) ?? null;
    this.#pages.delete(path);
    return html;
  }
}

function answer(status: number, type: string, body: string | Uint8Array, csp: string): Response {
  return new Response(body as ConstructorParameters<typeof Response>[0], {
    status,
    headers: { 'content-type': type, 'content-security-policy': csp, ...guardHeaders },
  });
}

/** Serves the page and the reports to the windows of a session. */
export function serveAppScheme(session: Session, { rendererDir, report, attach, print }: PageContent): void {
  const csp = pageCsp(attach ? `'self' ws://${attach.host}` : "'self'");
  session.protocol.handle(SCHEME, async (request) => {
    const notFound = () => answer(404, 'text/plain', 'There is no such page.', csp);
    if (!isOwnUrl(request.url) || request.method !== 'GET') return notFound();
    const path = new URL(request.url).pathname;
    const printed = print.take(path);
    if (printed !== null) return answer(200, contentTypes['.html'], printed, reportCsp);
    const run = reportOf(path);
    if (run !== null) {
      const made = await report(run);
      if ('html' in made) return answer(200, contentTypes['.html'], made.html, reportCsp);
      return answer(404, 'text/plain; charset=utf-8', `${made.failure.id}: ${made.failure.next}`, reportCsp);
    }
    const file = await readPageFile(rendererDir, path);
    return file ? answer(200, file.type, file.bytes, csp) : notFound();
  });
}

const cookieOf = ({ host, token }: Served): string => `microjoule-${new URL(`http://${host}`).port}=${token}`;

/** The token goes with the WebSocket of the bench and nowhere else; the page never sees it. */
export function presentToken(session: Session, served: Served): void {
  session.webRequest.onBeforeSendHeaders({ urls: [`ws://${served.host}/bench`] }, (details, callback) =>
    callback({ requestHeaders: { ...details.requestHeaders, Cookie: cookieOf(served) } }),
  );
}

const MAX_REPORT_BYTES = 64 * 1024 * 1024;

/** The report of a run from the bench that the window is attached to. */
export function attachedReport(served: Served, run: string): Promise<ReportAnswer> {
  const failed = (reason: string): ReportAnswer => ({
    failure: {
      id: 'desktop.no-report',
      facts: { run, reason },
      cause: 'The bench that the window is attached to gave no report.',
      next: 'Check that it still runs, and that the run exists.',
    },
  });
  return new Promise((resolve) => {
    const request = get(
      `${served.origin}/report/${run}`,
      { headers: { cookie: cookieOf(served) }, timeout: 30_000 },
      (response) => {
        let html = '';
        response.setEncoding('utf8').on('data', (piece: string) => {
          html += piece;
          if (html.length > MAX_REPORT_BYTES) request.destroy(new Error('too long'));
        });
        response.on('end', () =>
          resolve(response.statusCode === 200 ? { html } : failed(`status ${response.statusCode ?? 0}`)),
        );
      },
    );
    request.on('timeout', () => request.destroy(new Error('no answer')));
    request.on('error', (e) => resolve(failed(e.message)));
  });
}
