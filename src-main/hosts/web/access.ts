import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { DESKTOP_ORIGIN } from '../../contract/bench/desktop.ts';

/** Why a request gets nothing. */
export interface Refusal {
  readonly status: 401 | 403 | 421;
  readonly id: string;
  readonly next: string;
}

const wrongHost: Refusal = { status: 421, id: 'web.wrong-host', next: 'Open the address the bench printed.' };
const wrongOrigin: Refusal = {
  status: 403,
  id: 'web.wrong-origin',
  next: "Only the bench's own page may talk to it.",
};
const noToken: Refusal = {
  status: 401,
  id: 'web.no-token',
  next: 'Open the address the bench printed when it started; it carries the token.',
};

/** Names that no DNS answer can turn to somewhere else; through a tunnel they come with another port. */
const LOOPBACK = /^(?:127\.0\.0\.1|localhost|\[::1\])(?::\d{1,5})?$/;

/** Who may talk to the bench: one token a start, known names of the host, the page's own origin. */
export class Access {
  readonly token = randomBytes(24).toString('base64url');
  #ownHost = '';
  #cookie = '';

  /** `name:port` the host listens on. Cookies are of a name, not of a port: two benches must not take each other's. */
  listensOn(name: string, port: number): void {
    this.#ownHost = `${name}:${port}`;
    this.#cookie = `microjoule-${port}`;
  }

  setCookie(): string {
    return `${this.#cookie}=${this.token}; HttpOnly; SameSite=Strict; Path=/`;
  }

  isToken(given: string | null | undefined): boolean {
    if (!given) return false;
    const a = Buffer.from(given);
    const b = Buffer.from(this.token);
    return a.length === b.length && timingSafeEqual(a, b);
  }

  hasToken(headers: IncomingHttpHeaders): boolean {
    const cookies = (headers.cookie ?? '').split(';').map((c) => c.trim().split('='));
    return cookies.some(([name, value]) => name === this.#cookie && this.isToken(value));
  }

  /** Before anything is looked at: is it for us and from our page? */
  refusePlace(headers: IncomingHttpHeaders): Refusal | null {
    const host = headers.host ?? '';
    if (host !== this.#ownHost && !LOOPBACK.test(host)) return wrongHost;
    if (headers.origin !== undefined && headers.origin !== `http://${host}`) return wrongOrigin;
    const site = headers['sec-fetch-site'];
    // `none`: typed, or opened by another program
    return site === undefined || site === 'same-origin' || site === 'none' ? null : wrongOrigin;
  }

  refuseRequest(headers: IncomingHttpHeaders): Refusal | null {
    return this.refusePlace(headers) ?? (this.hasToken(headers) ? null : noToken);
  }

  /** A WebSocket names its origin always; no web site can be of the desktop app's. */
  refuseSocket(headers: IncomingHttpHeaders): Refusal | null {
    const { origin, host } = headers;
    if (origin === undefined) return wrongOrigin;
    if (origin !== DESKTOP_ORIGIN) return this.refuseRequest(headers);
    return this.refuseRequest({ ...headers, origin: `http://${host ?? ''}`, 'sec-fetch-site': undefined });
  }
}
