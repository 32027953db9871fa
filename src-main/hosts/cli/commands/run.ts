import { fail } from '../../../base/errors.ts';
import type { RunResult } from '../../../contract/index.ts';
import type { CommandContext } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import { openCore } from '../open-core.ts';
import { profileText, runText, watchRun } from '../run-view.ts';

export interface RunCommandOptions {
  readonly target: string;
  readonly mode: 'performance' | 'energy' | 'accuracy';
  readonly data?: string;
  readonly windows: number;
  readonly windowS: number;
  readonly items?: number;
  readonly inferences?: number;
  readonly warmUp?: number;
  readonly supply: number;
  readonly port?: string;
  readonly monitor?: string;
  readonly seed: number;
  readonly resume?: number;
}

export function exitCodeOfRun(run: RunResult): number {
  if (run.status === 'interrupted') return exitCodes.interrupted;
  if (run.status === 'failed') return exitCodes.hardware;
  return run.comparison.equal === run.comparison.compared ? exitCodes.done : exitCodes.checkFailed;
}

export async function run(model: string | null, o: RunCommandOptions, context: CommandContext): Promise<number> {
  const { output, signal } = context;
  if (model === null && o.resume === undefined)
    return output.fail(fail('cli.no-model', {}, 'No model was named.', 'microjoule run MODEL.tflite, or --resume RUN.'));
  const opened = await openCore(context.db);
  if (!opened.ok) return output.fail(opened);
  await using core = opened.value;
  const wiring = { ...(o.port ? { port: o.port } : {}), ...(o.monitor ? { monitor: o.monitor } : {}) };
  const watch = { signal, onEvent: watchRun(output) };
  const done =
    o.resume !== undefined
      ? await core.resume(o.resume, wiring, watch)
      : await core.run(
          {
            modelPath: model!,
            targetId: o.target,
            mode: o.mode,
            windows: o.windows,
            windowS: o.windowS,
            dataDir: o.data ?? null,
            maxItems: o.items ?? null,
            inferences: o.inferences ?? null,
            supplyV: o.supply,
            seed: o.seed,
            ...(o.warmUp === undefined ? {} : { warmUp: o.warmUp }),
          },
          wiring,
          watch,
        );
  output.endProgress();
  if (!done.ok) return output.fail(done);
  output.result(done.value, () => [runText(done.value), profileText(done.value)].filter(Boolean).join('\n\n'));
  return exitCodeOfRun(done.value);
}
