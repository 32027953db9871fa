import { serveCore } from '../../bench-page.ts';
import type { CommandContext } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import { openCore } from '../open-core.ts';

export async function serve(
  o: { readonly port: number; readonly listen: string },
  { output, db, signal }: CommandContext,
): Promise<number> {
  const opened = await openCore(db);
  if (!opened.ok) return output.fail(opened);
  await using core = opened.value;
  const served = await serveCore(core, o, (line) => output.note(line));
  if (!served.ok) return output.fail(served);
  await using host = served.value;
  output.result({ url: host.url }, () => `The bench is at ${host.url}\n(Ctrl-C ends it)`);
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
  return exitCodes.done;
}
