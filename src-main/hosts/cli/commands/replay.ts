import { readFileSync } from 'node:fs';
import { fail, type Result } from '../../../base/errors.ts';
import { parseRecording, replay, type RunRecording } from '../../../sim/replay.ts';
import type { CommandContext } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';

function read(path: string): Result<RunRecording> {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (e) {
    return fail(
      'cli.cannot-read',
      { path, code: (e as NodeJS.ErrnoException).code ?? '' },
      'The file cannot be read.',
      'Check path and permissions.',
    );
  }
  return parseRecording(text);
}

/** Exit code 3 where the replay is not the run. */
export async function replayRun(path: string, { output, signal }: CommandContext): Promise<number> {
  const recording = read(path);
  if (!recording.ok) return output.fail(recording);
  const done = await replay(recording.value, {
    signal,
    onProgress: (fraction) => output.progress('replaying', fraction, null),
  });
  output.endProgress();
  if (!done.ok) return output.fail(done);
  const outcome = done.value;
  const { compared, difference, endUs, otherCore } = outcome;
  output.result(outcome, () => {
    const core = otherCore ? '\nthe emulated core is another one than that of the recording' : '';
    const seconds = (endUs / 1e6).toFixed(3);
    return difference === null
      ? `the same run again: ${compared} states over ${seconds} s of virtual time are equal${core}`
      : `another run: state ${compared} at ${(difference.atUs / 1e6).toFixed(3)} s differs ` +
          `(${difference.recorded.cycles} cycles recorded, ${difference.replayed.cycles} now)${core}`;
  });
  return difference === null ? exitCodes.done : exitCodes.differ;
}
