import { crc32 } from '../base/crc.ts';
import { fail, ok, type Failure, type Result } from '../base/errors.ts';
import type { Reply } from './conversation.ts';
import type { DutMode } from './messages.ts';

/** Reply of `mj id`. Hashes are lower-case hex. */
export interface MjIdentity {
  readonly abi: number;
  readonly firmwareHash: string;
  readonly programHash: string;
  readonly modelHash: string;
  readonly board: string;
  readonly mode: DutMode;
  readonly clockHz: number;
  readonly baud: number;
  readonly ops: number;
  readonly arenaBytes: number;
  readonly inputBytes: number;
  readonly outputBytes: number;
  /** Status of the engine (abi `Status`): 0 = the Program can run. */
  readonly programStatus: number;
  /** True when the Program was uploaded to RAM; a reset brings the image's own back. */
  readonly programUploaded: boolean;
}

/** What the device's receiver has seen since it started. */
export interface LineErrors {
  readonly overruns: number;
  readonly badFraming: number;
  readonly dropped: number;
}

export interface ArenaUse {
  readonly highBytes: number;
  readonly sizeBytes: number;
}

export interface OpProfile {
  readonly ops: readonly { readonly index: number; readonly kernel: number; readonly cycles: number }[];
  readonly totalCycles: number;
}

export function bodyOf(reply: Reply, word: string): string | undefined {
  const message = reply.messages.find((m) => m.kind === 'mj' && m.word === word);
  return message?.kind === 'mj' ? (message.body ?? '') : undefined;
}

export function damaged(command: string, heard: string): Failure {
  return fail(
    'device.damaged-reply',
    { command, heard: heard.slice(-200) },
    'The answer came damaged or incomplete.',
    'Check the line rate and the cable, then retry.',
  );
}

export function refusedBy(command: string, text: string): Failure {
  return fail(
    'device.refused',
    { command, deviceSays: text },
    'The device refused the command, or received it damaged.',
    'Retry; if it refuses again, the firmware does not support this.',
  );
}

export function keyed(body: string): Map<string, string> {
  return new Map(
    body.split(',').map((pair) => {
      const at = pair.indexOf('=');
      return [pair.slice(0, at).trim(), pair.slice(at + 1).trim()] as const;
    }),
  );
}

export function wholeNumber(text: string | undefined): number | null {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : null;
}

export function parseIdentity(body: string): MjIdentity | null {
  const fields = keyed(body);
  const numbers = ['abi', 'clk', 'baud', 'ops', 'arena', 'in', 'out'].map((key) =>
    wholeNumber(fields.get(key)),
  );
  const mode = fields.get('mode');
  const hashes = ['fw', 'program', 'model'].map((key) => fields.get(key) ?? '');
  if (numbers.includes(null) || (mode !== 'performance' && mode !== 'energy')) return null;
  if (hashes.some((h) => !/^[0-9a-f]{1,64}$/.test(h))) return null;
  const [abi, clockHz, baud, ops, arenaBytes, inputBytes, outputBytes] = numbers as number[];
  return {
    abi: abi!,
    firmwareHash: hashes[0]!,
    programHash: hashes[1]!,
    modelHash: hashes[2]!,
    board: fields.get('board') ?? '',
    mode,
    clockHz: clockHz!,
    baud: baud!,
    ops: ops!,
    arenaBytes: arenaBytes!,
    inputBytes: inputBytes!,
    outputBytes: outputBytes!,
    programStatus: wholeNumber(fields.get('status') ?? '0') ?? -1,
    programUploaded: fields.get('source') === 'ram',
  };
}

export function parseProfile(reply: Reply): Result<OpProfile> {
  const heard = reply.lines.join(' | ');
  const ops: { index: number; kernel: number; cycles: number }[] = [];
  for (const message of reply.messages) {
    if (message.kind !== 'mj' || message.word !== 'op') continue;
    const [index, kernel, cycles] = (message.body ?? '').split(',').map((part) => wholeNumber(part));
    if (index !== ops.length || kernel == null || cycles == null) return damaged('mj prof', heard);
    ops.push({ index, kernel, cycles });
  }
  const totalCycles = wholeNumber(bodyOf(reply, 'total'));
  return totalCycles === null ? damaged('mj prof', heard) : ok({ ops, totalCycles });
}

export function parseOutput(reply: Reply, expectedBytes: number): Result<Uint8Array> {
  const heard = reply.lines.join(' | ');
  const parts: Buffer[] = [];
  let at = 0;
  for (const message of reply.messages) {
    if (message.kind !== 'mj' || message.word !== 'out') continue;
    const match = /^(\d+),((?:[0-9a-fA-F]{2})+)$/.exec(message.body ?? '');
    if (!match || Number(match[1]) !== at) return damaged('mj out', heard);
    const part = Buffer.from(match[2]!, 'hex');
    parts.push(part);
    at += part.length;
  }
  const bytes = Uint8Array.from(Buffer.concat(parts));
  const crc = bodyOf(reply, 'outcrc') ?? '';
  if (!/^[0-9a-fA-F]{8}$/.test(crc) || parseInt(crc, 16) !== crc32(bytes) || bytes.length !== expectedBytes)
    return damaged('mj out', heard);
  return ok(bytes);
}
