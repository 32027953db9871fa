import { writeFileSync } from 'node:fs';
import { fail, ok, type Result } from '../../base/errors.ts';

/** `cli.cannot-write` with what the system says. */
export function writeText(path: string, text: string): Result<void> {
  return writeBytes(path, text);
}

/** `cli.cannot-write` with what the system says. */
export function writeBytes(path: string, bytes: string | Uint8Array): Result<void> {
  try {
    writeFileSync(path, bytes);
    return ok();
  } catch (e) {
    return fail(
      'cli.cannot-write',
      { path, code: (e as NodeJS.ErrnoException).code ?? '' },
      'The file cannot be written.',
      'Check folder and permissions.',
    );
  }
}
