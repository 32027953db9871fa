import { crc32 } from '../base/crc.ts';
import { fail, ok, type Failure, type Result } from '../base/errors.ts';
import { encodeFrame } from '../link/cobs.ts';
import type { Conversation } from './conversation.ts';
import type { DutMessage } from './messages.ts';

export type BulkKind = 'input' | 'program';

/** Small enough for the device's receive buffer, large enough that the acknowledgements cost under 15 % at 115200. */
const FRAME_BYTES = 128;
const FRAME_ATTEMPTS = 5;
const LOAD_ATTEMPTS = 3;
/** To receive a frame, check it and answer; transmission at 9600 baud takes 0.16 s of it. */
const ACK_US = 1_000_000;

/**
 * `mj load KIND N`, then COBS frames, each acknowledged before the next is sent (PROTOCOLS-independent; see
 * docs/mj-commands.md). A frame without an answer or with a nak is sent again; the device ignores duplicates.
 */
export async function bulkLoad(
  talk: Conversation,
  kind: BulkKind,
  bytes: Uint8Array,
  onProgress?: (fraction: number) => void,
): Promise<Result<void>> {
  let last: Failure | undefined;
  for (let attempt = 0; attempt < LOAD_ATTEMPTS; attempt++) {
    const done = await loadOnce(talk, kind, bytes, onProgress);
    if (done.ok) return done;
    if (done.id !== 'device.load-incomplete') return done;
    last = done;
    talk.loseStep();
  }
  return fail(
    'device.load-failed',
    { kind, attempts: LOAD_ATTEMPTS, loadBytes: bytes.length, lastReason: String(last!.facts.reason) },
    'The upload did not arrive whole: bytes are lost on the line.',
    'Lower the line rate or shorten the cable, then retry.',
  );
}

function incomplete(reason: string, facts: Record<string, number | string> = {}): Failure {
  return fail('device.load-incomplete', { reason, ...facts }, 'Frames of the upload were lost.', 'Retry the upload.');
}

async function loadOnce(
  talk: Conversation,
  kind: BulkKind,
  bytes: Uint8Array,
  onProgress?: (fraction: number) => void,
): Promise<Result<void>> {
  const begun = await talk.ask({
    command: `mj load ${kind} ${bytes.length}`,
    own: ['mj'],
    ownRequired: true,
    endsAt: (m) => m.kind === 'mj' && m.word === 'load',
  });
  if (!begun.ok) return begun;
  const refused = begun.value.messages.find((m) => m.kind === 'error');
  if (refused)
    return fail(
      'device.load-refused',
      { kind, loadBytes: bytes.length, deviceSays: refused.text },
      'The device has no room or no use for this upload.',
      kind === 'input' ? 'Check that the data set belongs to the model on the device.' : 'Deploy the image to flash instead.',
    );
  const count = Math.ceil(bytes.length / FRAME_BYTES);
  for (let sequence = 0; sequence < count; sequence++) {
    const payload = bytes.subarray(sequence * FRAME_BYTES, (sequence + 1) * FRAME_BYTES);
    const sent = await sendFrame(talk, sequence & 0xffff, payload, sequence === count - 1 ? crc32(bytes) : null);
    if (!sent.ok) return sent;
    onProgress?.((sequence + 1) / count);
  }
  return ok();
}

type Answer = 'ack' | 'done' | 'again' | 'reset' | 'error';

/** `totalCrc` is given with the last frame, whose acknowledgement is followed by the load's own end. */
async function sendFrame(
  talk: Conversation,
  sequence: number,
  payload: Uint8Array,
  totalCrc: number | null,
): Promise<Result<void>> {
  const wire = encodeFrame({ sequence, payload });
  for (let attempt = 0; attempt < FRAME_ATTEMPTS; attempt++) {
    const written = await talk.writeRaw(wire);
    if (!written.ok) return written;
    const answer = await awaitAnswer(talk, sequence, totalCrc);
    if (!answer.ok) return answer;
    if (answer.value === 'ack' || answer.value === 'done') return ok();
    if (answer.value === 'reset' || answer.value === 'error') return incomplete(answer.value, { sequence });
  }
  return incomplete('a frame was not acknowledged', { sequence });
}

async function awaitAnswer(talk: Conversation, sequence: number, totalCrc: number | null): Promise<Result<Answer>> {
  const deadlineUs = talk.link.clock.nowUs() + Math.max(ACK_US, talk.times.commandUs);
  let crcSeen = false;
  for (;;) {
    const next = await talk.nextMessages(deadlineUs);
    if (!next.ok) return next;
    if (next.value === 'timeout') return ok('again');
    for (const message of next.value) {
      if (message.kind === 'timestamp-mode' || message.kind === 'init-done') return ok('reset');
      if (message.kind === 'error') return ok('error');
      if (isMj(message, 'nak')) return ok('again');
      if (totalCrc === null && isMj(message, 'ack') && Number(message.body) === sequence) return ok('ack');
      if (totalCrc !== null && isMj(message, 'load-done')) crcSeen = parseInt(message.body ?? '', 16) === totalCrc;
      if (message.kind === 'ready' && totalCrc !== null) return ok(crcSeen ? 'done' : 'error');
    }
  }
}

function isMj(message: DutMessage, word: string): message is DutMessage & { kind: 'mj' } {
  return message.kind === 'mj' && message.word === word;
}
