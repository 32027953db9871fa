import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { extname, join, normalize, sep } from 'node:path';
import { reportStyle } from '../report/style.ts';

export const contentTypes = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
  '.json': 'application/json; charset=utf-8',
} as const;

/** The preview of a report is framed in the page and under its policy: this one style sheet may be inside it, no other. */
const reportStyleHash = `'sha256-${createHash('sha256').update(reportStyle).digest('base64')}'`;

/** `connect`: what the page may talk to; its own origin, unless the window is attached to a bench served elsewhere. */
export function pageCsp(connect = "'self'"): string {
  return (
    `default-src 'none'; script-src 'self'; style-src 'self' ${reportStyleHash}; img-src 'self' data: blob:; font-src 'self'; ` +
    `connect-src ${connect}; frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`
  );
}

/** The report is one file with its style inside and no script; only the page's preview may frame it. */
export const reportCsp =
  "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'";

/** What every answer carries, whoever serves it. */
export const guardHeaders = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store',
} as const;

export interface PageFile {
  readonly type: string;
  readonly bytes: Buffer;
}

/** A file of the built page by the path of its address; null for what is not there, outside, or of no type a page consists of. */
export async function readPageFile(rendererDir: string, path: string): Promise<PageFile | null> {
  const file = normalize(join(rendererDir, path === '/' ? 'index.html' : path));
  const extension = extname(file);
  if (!file.startsWith(rendererDir + sep) || !Object.hasOwn(contentTypes, extension)) return null;
  try {
    return { type: contentTypes[extension as keyof typeof contentTypes], bytes: await readFile(file) };
  } catch {
    return null;
  }
}

/** The run of `/report/RUN`, or null for another path. */
export function reportOf(path: string): string | null {
  return /^\/report\/([\w-]{1,64})$/.exec(path)?.[1] ?? null;
}
