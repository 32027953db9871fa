import { existsSync, lstatSync } from 'node:fs';
import { mkdtemp, rm, unlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '../base/clock.ts';
import { fail, ok, type Result } from '../base/errors.ts';
import type { Link } from './link.ts';
import { openProcess } from './process.ts';

const APPEAR_US = 3_000_000;
const POLL_US = 10_000;
/**
 * socat looks whether a terminal takes anything, then writes a whole block and waits until all of it is taken. So much
 * is always taken; more would stop it, also for what the other program sends, when that program does not read.
 */
const BLOCK_BYTES = '256';

/** A pseudo-terminal: our end is a link, the other end a path that any serial program can open (and reopen). */
export interface Pty extends AsyncDisposable {
  readonly link: Link;
  readonly path: string;
}

/** Makes one with socat, at `path` or in a temporary folder. */
export async function openPty(clock: Clock, path?: string): Promise<Result<Pty>> {
  const folder = path === undefined ? await mkdtemp(join(tmpdir(), 'microjoule-pty-')) : null;
  const at = path ?? join(folder!, 'tty');
  // What a killed program left behind is in nobody's use
  if (isDanglingLink(at)) await unlink(at).catch(() => undefined);
  if (existsSync(at))
    return fail(
      'link.busy',
      { address: at },
      'There is a file of that name already.',
      'Choose another path, or remove it.',
    );
  const opened = await openProcess('socat', ['-b', BLOCK_BYTES, 'STDIO', `PTY,raw,echo=0,link=${at}`], clock);
  if (!opened.ok) {
    if (folder) await rm(folder, { recursive: true, force: true });
    return opened.id === 'link.not-found'
      ? fail(
          'link.no-socat',
          { address: at },
          'Pseudo-terminals are made by socat, which is not installed.',
          'npm run setup:system, or apt-get install socat.',
        )
      : opened;
  }
  const link = opened.value;
  const dispose = async () => {
    await link[Symbol.asyncDispose]();
    if (folder) await rm(folder, { recursive: true, force: true });
    // socat removes its link when it ends by itself, not when it is killed
    else await unlink(at).catch(() => undefined);
  };
  const deadlineUs = clock.nowUs() + APPEAR_US;
  while (!existsSync(at) && clock.nowUs() < deadlineUs) await clock.sleepUntilUs(clock.nowUs() + POLL_US);
  if (existsSync(at)) return ok({ link, path: at, [Symbol.asyncDispose]: dispose });
  const ended = await link.read({ deadlineUs: clock.nowUs() });
  await dispose();
  return fail(
    'link.open-failed',
    { address: at, reason: ended.kind === 'closed' ? ended.reason : 'it did not appear' },
    'The pseudo-terminal could not be made.',
    'Check that the folder exists and may be written.',
  );
}

function isDanglingLink(path: string): boolean {
  return !existsSync(path) && (lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() ?? false);
}
