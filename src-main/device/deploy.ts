import { fail, ok, type Failure, type Result } from '../base/errors.ts';
import type { Link } from '../link/link.ts';
import type { Programmer } from '../link/programmer.ts';
import type { DutMode } from './messages.ts';
import type { MjIdentity } from './mj.ts';
import { openSession, type Session, type SessionOptions } from './session.ts';

/** What is deployed, and what the device must then say of itself. */
export interface DeployImage {
  readonly uf2: Uint8Array;
  /** CRC-32 of firmware and Program, 8 hex digits, as `mj id` prints them. */
  readonly firmwareHash: string;
  /** Null: an image without a Program, which is uploaded later. */
  readonly programHash: string | null;
  /** SHA-256 of the .tflite, hex; `mj id` prints its beginning. */
  readonly modelHash?: string;
  readonly mode: DutMode;
  readonly board: string;
}

export interface DeployOptions extends SessionOptions {
  readonly onProgress?: (fraction: number) => void;
}

const BOOT_US = 5_000_000;
/** What `mj id` prints of a Program that is not there. */
const NO_PROGRAM = '00000000';

/**
 * Programs the board, waits for its boot lines, finds the step and checks that what runs there is the image: a
 * number measured on the wrong firmware is worse than none.
 */
export async function deploy(
  programmer: Programmer,
  link: Link,
  image: DeployImage,
  options: DeployOptions = {},
): Promise<Result<Session>> {
  // The board boots as soon as it is programmed, and speaks at once.
  const rate = options.baud === undefined ? ok() : await link.setBaud(options.baud);
  if (!rate.ok) return rate;
  link.discardInput();
  const programmed = await programmer.program(image.uf2, options.onProgress);
  if (!programmed.ok) return programmed;
  const session = await openSession(link, { bootUs: BOOT_US, ...options });
  if (!session.ok) return session;
  const checked = checkIdentity(session.value, image);
  if (!checked.ok) {
    await session.value[Symbol.asyncDispose]();
    return checked;
  }
  return session;
}

/** Fails with `device.wrong-image` unless the device says it runs this very image, ready to infer. */
export function checkIdentity(session: Session, image: DeployImage): Result<void> {
  const identity = session.mj?.identity;
  if (!identity)
    return fail(
      'device.wrong-image',
      { address: session.link.address, vendor: session.identity.vendor, model: session.identity.model },
      'The device answers, but its firmware cannot say which one it is: the image did not start.',
      'Program the board again; if it stays so, it is another board than the one programmed.',
    );
  const wrong = differences(identity, image);
  if (wrong.length > 0) return wrongImage(session.link.address, wrong);
  if (image.programHash !== null && identity.programStatus !== 0)
    return fail(
      'device.program-refused',
      { address: session.link.address, status: identity.programStatus, programHash: identity.programHash },
      'The firmware found the Program, but cannot run it.',
      'Compile the model again for this firmware.',
    );
  return ok();
}

function differences(identity: MjIdentity, image: DeployImage): string[] {
  const pairs: [string, string, string][] = [
    ['firmware', image.firmwareHash, identity.firmwareHash],
    ['program', image.programHash ?? NO_PROGRAM, identity.programHash],
    ['mode', image.mode, identity.mode],
    ['board', image.board, identity.board],
  ];
  if (image.modelHash !== undefined)
    pairs.push(['model', image.modelHash.slice(0, identity.modelHash.length), identity.modelHash]);
  return pairs
    .filter(([, wanted, actual]) => wanted.toLowerCase() !== actual.toLowerCase())
    .map(([what, w, a]) => `${what}: ${a} instead of ${w}`);
}

function wrongImage(address: string, differs: string[]): Failure {
  return fail(
    'device.wrong-image',
    { address, differs },
    'Something else runs on the device than what was to be measured.',
    'Program the board again, and check that link and programmer lead to the same board.',
  );
}
