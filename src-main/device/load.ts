import { fail, ok, type Failure, type Result } from '../base/errors.ts';
import type { Conversation } from './conversation.ts';
import type { DutMessage } from './messages.ts';

export interface LoadOptions {
  /** How often the whole load is sent before it counts as failed. */
  readonly attempts: number;
  /** Reads the buffer back with `db print` and compares: doubles the time, finds flipped digits. */
  readonly readBack: boolean;
}

/**
 * Loads an input with `db load` and `db HEX`, and believes it only when `m-load-done` came exactly once, with the
 * last byte, and no error did. There is no checksum in the dialect: see `readBack`, and `MjSession.load`.
 */
export async function loadInput(
  talk: Conversation,
  input: Uint8Array,
  options: LoadOptions,
): Promise<Result<void>> {
  let last: Failure | undefined;
  for (let attempt = 0; attempt < options.attempts; attempt++) {
    const sent = await sendOnce(talk, input);
    const done = sent.ok && options.readBack ? await compareBuffer(talk, input) : sent;
    if (done.ok) return done;
    last = done;
    if (!worthRetrying(done)) return done;
    talk.loseStep();
  }
  return fail(
    'device.load-failed',
    { attempts: options.attempts, inputBytes: input.length, lastId: last!.id, lastCause: last!.cause },
    'The input did not arrive whole: bytes are lost on the line.',
    'Lower the line rate or shorten the cable; a USB hub or an overrun on the board is the usual reason.',
  );
}

function worthRetrying(f: Failure): boolean {
  return [
    'device.load-incomplete',
    'device.no-reply',
    'device.unfinished-reply',
    'device.garbage',
    'device.not-a-dut',
  ].includes(f.id);
}

function incomplete(reason: string, facts: Record<string, number | string>): Failure {
  return fail(
    'device.load-incomplete',
    { reason, ...facts },
    'Bytes of the load were lost or changed on the line.',
    'Retry the load.',
  );
}

async function sendOnce(talk: Conversation, input: Uint8Array): Promise<Result<void>> {
  const begun = await talk.ask({ command: `db load ${input.length}`, own: ['expecting'], ownRequired: true });
  if (!begun.ok) return begun;
  const expecting = begun.value.messages.find((m) => m.kind === 'expecting');
  const refused = firstError(begun.value.messages);
  if (refused !== undefined) return refusal(refused, input.length);
  if (expecting?.bytes !== input.length)
    return incomplete('the device expects another count', {
      sentBytes: input.length,
      expectedBytes: expecting?.bytes ?? 0,
    });
  for (let at = 0; at < input.length; at += talk.topology.chunkBytes) {
    const chunk = input.subarray(at, at + talk.topology.chunkBytes);
    const last = at + chunk.length >= input.length;
    const reply = await talk.ask({ command: `db ${hex(chunk)}`, own: ['load-done'], ownRequired: last });
    if (!reply.ok) return reply;
    const error = firstError(reply.value.messages);
    if (error !== undefined) return incomplete(error, { atByte: at });
    const dones = reply.value.messages.filter((m) => m.kind === 'load-done').length;
    if (dones !== (last ? 1 : 0))
      return incomplete('m-load-done at the wrong place', { atByte: at, loadDones: dones });
  }
  return ok();
}

function refusal(text: string, inputBytes: number): Failure {
  return /exceeds maximum|must be >0/.test(text)
    ? fail(
        'device.input-size',
        { inputBytes, deviceSays: text },
        'The device has no room for an input of this size.',
        'Check that the data set belongs to the model on the device.',
      )
    : incomplete(text, { atByte: 0 });
}

function firstError(messages: readonly DutMessage[]): string | undefined {
  return messages.find((m) => m.kind === 'error')?.text;
}

async function compareBuffer(talk: Conversation, input: Uint8Array): Promise<Result<void>> {
  const printed = await readBuffer(talk);
  if (!printed.ok) return printed;
  const at = input.findIndex((b, i) => printed.value[i] !== b);
  return at < 0
    ? ok()
    : incomplete('the buffer read back differs', { atByte: at, readBytes: printed.value.length });
}

/** The DUT's input buffer as `db print` shows it. */
export async function readBuffer(talk: Conversation): Promise<Result<Uint8Array>> {
  const reply = await talk.ask({
    command: 'db print',
    own: ['buffer'],
    ownRequired: true,
    timeoutUs: 60_000_000,
  });
  if (!reply.ok) return reply;
  const parts = reply.value.messages.flatMap((m) => (m.kind === 'buffer' ? [m.bytes] : []));
  return ok(Uint8Array.from(Buffer.concat(parts)));
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex');
}
