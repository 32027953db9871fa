import type { CommandContext } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import { openCoreToRead } from '../open-core.ts';

/** `store.no-run`. */
export async function note(run: number, text: string, { output, db }: CommandContext): Promise<number> {
  const opened = await openCoreToRead(db);
  if (!opened.ok) return output.fail(opened);
  await using core = opened.value;
  const found = core.result(run);
  if (!found.ok) return output.fail(found);
  const id = core.store.notes.add(run, text);
  if (!id.ok) return output.fail(id);
  output.result({ run, id: id.value, text }, () => `note ${id.value} on run ${run}`);
  return exitCodes.done;
}
