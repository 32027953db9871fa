import { fail, ok, type Result } from '../base/errors.ts';

/** Where a device is, as the user types it. */
export type Address =
  | { readonly kind: 'serial'; readonly path: string }
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
  | { readonly kind: 'process'; readonly program: string; readonly args: readonly string[] }
  | { readonly kind: 'sim'; readonly name: string };

function bad(address: string, why: string): Result<never> {
  return fail(
    'link.bad-address',
    { address },
    why,
    'Write it as /dev/ttyACM0, COM3, tcp://host:port, process:COMMAND or sim:pico.',
  );
}

/** `tcp://host:port` (IPv6 in brackets), `process:COMMAND ARGS`, `sim:NAME`, else a serial port's path or COM name. */
export function parseAddress(text: string): Result<Address> {
  const address = text.trim();
  // eslint-disable-next-line no-control-regex
  if (address === '' || /[\x00-\x1f]/.test(address))
    return bad(text, 'The address is empty or has control characters.');
  if (address.startsWith('tcp:')) return parseTcp(address);
  if (address.startsWith('process:')) return parseProcess(address);
  if (address.startsWith('sim:')) {
    const name = address.slice(4);
    return /^[\w./-]+$/.test(name)
      ? ok({ kind: 'sim', name })
      : bad(address, 'The simulated target has no name.');
  }
  if (/^COM\d{1,3}$/i.test(address)) return ok({ kind: 'serial', path: address.toUpperCase() });
  if (address.startsWith('/') || address.startsWith('\\\\.\\')) return ok({ kind: 'serial', path: address });
  return bad(address, 'It is no serial port and has no known scheme.');
}

function parseTcp(address: string): Result<Address> {
  const match = /^tcp:\/\/(?:\[([0-9a-fA-F:.]+)\]|([^:/[\]]+)):(\d{1,5})\/?$/.exec(address);
  const port = Number(match?.[3]);
  if (!match || port < 1 || port > 65535)
    return bad(address, 'A TCP address needs a host and a port from 1 to 65535.');
  return ok({ kind: 'tcp', host: match[1] ?? match[2]!, port });
}

function parseProcess(address: string): Result<Address> {
  const words = splitCommand(address.slice('process:'.length));
  if (words === null || words.length === 0)
    return bad(address, 'There is no command, or a quote is not closed.');
  return ok({ kind: 'process', program: words[0]!, args: words.slice(1) });
}

/** Words of a command line: spaces separate, single and double quotes hold together; null when one stays open. */
export function splitCommand(text: string): string[] | null {
  const words: string[] = [];
  let word: string | null = null;
  let quote = '';
  for (const c of text) {
    if (quote !== '') {
      if (c === quote) quote = '';
      else word += c;
    } else if (c === '"' || c === "'") {
      quote = c;
      word ??= '';
    } else if (c === ' ' || c === '\t') {
      if (word !== null) words.push(word);
      word = null;
    } else word = (word ?? '') + c;
  }
  if (quote !== '') return null;
  if (word !== null) words.push(word);
  return words;
}
