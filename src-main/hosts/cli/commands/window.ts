import { fail } from '../../../base/errors.ts';
import type { CommandContext } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import { openCoreToRead } from '../open-core.ts';
import { withNotes } from '../run-notes.ts';
import { runText } from '../run-view.ts';

export interface WindowOptions {
  readonly exclude?: string;
  readonly count?: boolean;
}

/** `number` counts from 1, as every list of windows does. */
export async function window(
  runId: number,
  number: number,
  { exclude, count }: WindowOptions,
  { output, db }: CommandContext,
): Promise<number> {
  const reason = exclude?.trim() ?? '';
  if ((reason === '') !== (count ?? false))
    return output.fail(
      fail(
        'cli.usage',
        { run: runId, window: number },
        'A window is either left out with a reason or counted again.',
        'Give --exclude REASON, or --count.',
      ),
    );
  const opened = await openCoreToRead(db);
  if (!opened.ok) return output.fail(opened);
  await using core = opened.value;
  const { runs } = core.store;
  const done = count ? runs.include(runId, number - 1) : runs.exclude(runId, number - 1, reason);
  if (!done.ok) return output.fail(done);
  const shown = withNotes(core, done.value);
  output.result(shown, () => runText(shown));
  return exitCodes.done;
}
