import { extname, resolve } from 'node:path';
import { fail, ok, type Result } from '../../base/errors.ts';

export interface Served {
  /** `http://host:port` */
  readonly origin: string;
  readonly host: string;
  readonly token: string;
}

export interface DesktopArguments {
  /** The bench to attach the window to; null: a core of our own. */
  readonly attach: Served | null;
  readonly db: string | null;
  /** Models and traces to open, absolute. */
  readonly files: readonly string[];
  readonly version: boolean;
}

const openable = new Set(['.tflite', '.mjtrace']);

/** The address that `microjoule serve` prints. `desktop.bad-address`. */
export function servedAddress(text: string): Result<Served> {
  const url = URL.parse(text);
  const token = url?.searchParams.get('token') ?? '';
  if (url?.protocol === 'http:' && /^[\w-]{20,100}$/.test(token) && url.username === '')
    return ok({ origin: `http://${url.host}`, host: url.host, token });
  return fail(
    'desktop.bad-address',
    { address: text.replace(/token=.*/, 'token=…').slice(0, 200) },
    'This is not the address of a served bench.',
    'Give --attach the whole line that `microjoule serve` prints, with its token.',
  );
}

/**
 * The words after the program. Switches of Chromium and Electron pass by; so does the entry itself where the app is run
 * from source. `desktop.bad-address`.
 */
export function desktopArguments(words: readonly string[], folder: string): Result<DesktopArguments> {
  let attach: Served | null = null;
  let db: string | null = null;
  const files: string[] = [];
  for (let i = 0; i < words.length; i++) {
    const [name, inline] = splitOption(words[i]!);
    if (name === '--attach') {
      const address = servedAddress(inline ?? words[++i] ?? '');
      if (!address.ok) return address;
      attach = address.value;
    } else if (name === '--db') db = resolve(folder, inline ?? words[++i] ?? '');
    else if (!name.startsWith('-') && openable.has(extname(name).toLowerCase()))
      files.push(resolve(folder, name));
  }
  return ok({ attach, db, files, version: words.includes('--version') });
}

function splitOption(word: string): readonly [string, string | null] {
  const at = word.startsWith('--') ? word.indexOf('=') : -1;
  return at < 0 ? [word, null] : [word.slice(0, at), word.slice(at + 1)];
}
