import { Status } from '../abi/generated.ts';
import { crc32 } from '../base/crc.ts';
import { fail, ok, type Failure, type Result } from '../base/errors.ts';
import { encodeFrame } from '../link/cobs.ts';
import type { Conversation } from './conversation.ts';
import { resetInRun } from './diagnose.ts';
import type { DutMessage } from './messages.ts';

export type BulkKind = 'input' | 'program' | 'stream';

/** A quarter of what a device takes at once: the answers cost under 7 % at 115200 baud, a repetition little. */
const FRAME_BYTES = 256;
const FRAME_ATTEMPTS = 5;
const LOAD_ATTEMPTS = 3;
/** To send a frame (0.28 s at 9600 baud), check it and answer. The device itself gives up after 3 s of silence. */
const ACK_US = 1_500_000;
/** With no payload: the device leaves the upload. */
const CANCEL_SEQUENCE = 0xffff;

/**
 * `mj load KIND N`, then COBS frames, each acknowledged before the next is sent (docs/mj-commands.md). A frame
 * without an answer or with a nak is sent again; the device acknowledges repeated ones without effect.
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

const refusedNext: Record<BulkKind, string> = {
  input: 'Check that the data set belongs to the model on the device.',
  program: 'Deploy the image to flash instead.',
  stream: 'Deploy the firmware that belongs to this version.',
};

function incomplete(reason: string, facts: Record<string, number | string> = {}): Failure {
  return fail(
    'device.load-incomplete',
    { reason, ...facts },
    'Frames of the upload were lost.',
    'Retry the upload.',
  );
}

async function loadOnce(
  talk: Conversation,
  kind: BulkKind,
  bytes: Uint8Array,
  onProgress?: (fraction: number) => void,
): Promise<Result<void>> {
  if (bytes.length === 0 || bytes.length > FRAME_BYTES * CANCEL_SEQUENCE)
    return fail(
      'device.input-size',
      { kind, loadBytes: bytes.length },
      'An upload has 1 byte to 16 MB.',
      'Choose another file.',
    );
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
      refusedNext[kind],
    );
  const count = Math.ceil(bytes.length / FRAME_BYTES);
  for (let sequence = 0; sequence < count; sequence++) {
    const payload = bytes.subarray(sequence * FRAME_BYTES, (sequence + 1) * FRAME_BYTES);
    const sent = await sendFrame(talk, sequence, payload, sequence === count - 1 ? crc32(bytes) : null);
    if (!sent.ok) {
      await cancel(talk, sent);
      return sent;
    }
    onProgress?.((sequence + 1) / count);
  }
  return ok();
}

/** A device that still waits for frames would take the next command for one. */
async function cancel(talk: Conversation, why: Failure): Promise<void> {
  talk.loseStep();
  if (why.id === 'device.load-incomplete')
    await talk.writeRaw(encodeFrame({ sequence: CANCEL_SEQUENCE, payload: new Uint8Array(0) }));
}

type Answer = 'ack' | 'done' | 'again' | 'reset' | 'error' | { readonly refusedStatus: number };

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
    if (answer.value === 'reset') return resetInRun(talk.link.address, 'mj load', talk.heard);
    if (typeof answer.value === 'object') return refusedProgram(talk, answer.value.refusedStatus);
    if (answer.value === 'error') return incomplete('the device gave the upload up', { sequence });
  }
  return incomplete('a frame was not acknowledged', { sequence });
}

/** All bytes arrived, and the engine will not run them: another attempt would end the same. */
function refusedProgram(talk: Conversation, status: number): Failure {
  const facts = { address: talk.link.address, status, reason: statusName(status) };
  return status === Status.UnknownKernel
    ? fail(
        'device.kernel-missing',
        facts,
        'The image on the board lacks a compute kernel that this Program uses.',
        'Deploy an image for this model, or one without a model: it carries every kernel.',
      )
    : fail(
        'device.program-refused',
        facts,
        'The upload arrived, but the firmware cannot run the Program.',
        'Compile the model again for this firmware.',
      );
}

const statusName = (status: number): string =>
  Object.entries(Status).find(([, value]) => value === status)?.[0] ?? String(status);

async function awaitAnswer(
  talk: Conversation,
  sequence: number,
  totalCrc: number | null,
): Promise<Result<Answer>> {
  let deadlineUs = talk.link.clock.nowUs() + ACK_US;
  let crcSeen = false;
  for (;;) {
    const next = await talk.nextMessages(deadlineUs);
    if (!next.ok) return next;
    if (next.value === 'timeout') return ok('again');
    for (const message of next.value) {
      if (message.kind === 'timestamp-mode' || message.kind === 'init-done') return ok('reset');
      if (message.kind === 'error') {
        const status = /Program refused, status (\d+)/.exec(message.text)?.[1];
        return ok(status === undefined ? 'error' : { refusedStatus: Number(status) });
      }
      if (isMj(message, 'nak')) {
        // It names the frame the device waits for: one further, and ours arrived but its acknowledgement did not.
        if (parseInt(message.body ?? '', 10) === sequence + 1) return ok('ack');
        // It may be about noise before our frame, whose own answer then follows at once.
        deadlineUs = Math.min(deadlineUs, talk.link.clock.nowUs() + talk.times.quietUs);
      }
      if (totalCrc === null && isMj(message, 'ack') && Number(message.body) === sequence) return ok('ack');
      if (totalCrc !== null && isMj(message, 'load-done'))
        crcSeen = parseInt(message.body ?? '', 16) === totalCrc;
      if (message.kind === 'ready' && totalCrc !== null) return ok(crcSeen ? 'done' : 'error');
    }
  }
}

function isMj(message: DutMessage, word: string): message is DutMessage & { kind: 'mj' } {
  return message.kind === 'mj' && message.word === word;
}
