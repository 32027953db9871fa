import { resolve } from 'node:path';
import { fail, ok, type Result } from '../../../base/errors.ts';
import type { KernelChoice, RunEvent, RunResult } from '../../../contract/index.ts';
import type { CommandContext } from '../context.ts';
import type { Core, RunRequest, Wiring } from '../../../core.ts';
import type { Emulation } from '../../../core/simulated-rig.ts';
import { recordingText, type RunRecording } from '../../../sim/replay.ts';
import { exitCodeOf, exitCodes } from '../exit-codes.ts';
import { openCore } from '../open-core.ts';
import type { Output } from '../output.ts';
import { writeText } from '../write-text.ts';
import { withNotes } from '../run-notes.ts';
import { layersText, profileText, runText, watchRun } from '../run-view.ts';

export interface RunCommandOptions {
  readonly target: string;
  readonly kernels: KernelChoice;
  readonly mode: 'performance' | 'energy' | 'accuracy';
  readonly data?: string;
  readonly windows: number;
  readonly windowS: number;
  /** Percent. */
  readonly until?: number;
  readonly items?: number;
  readonly inferences?: number;
  readonly warmUp?: number;
  readonly supply: number;
  readonly port?: string;
  readonly monitor?: string;
  readonly seed: number;
  readonly worldSeed: number;
  readonly resume?: number;
  readonly note?: string;
  readonly wiring?: string;
  readonly temperature?: number;
  readonly zeroWait?: boolean;
  readonly recordInput?: string;
}

/** What may be said when a run goes on: where its hardware is now, and a remark. The rest is in its plan. */
const resumeTakes = [
  '--resume',
  '--port',
  '--monitor',
  '--note',
  '--wiring',
  '--temperature',
  '--db',
  '--json',
];

export function exitCodeOfRun(run: RunResult): number {
  if (run.status === 'interrupted') return exitCodes.interrupted;
  if (run.status === 'failed') return run.failure ? exitCodeOf(run.failure) : exitCodes.unexpected;
  return run.comparison.equal === run.comparison.compared ? exitCodes.done : exitCodes.differ;
}

function checkWords(model: string | null, o: RunCommandOptions, given: readonly string[]): Result<void> {
  if (o.resume === undefined)
    return model === null
      ? fail('cli.no-model', {}, 'No model was named.', 'microjoule run MODEL.tflite, or --resume RUN.')
      : ok();
  const extra = [...(model === null ? [] : [model]), ...given.filter((name) => !resumeTakes.includes(name))];
  return extra.length === 0
    ? ok()
    : fail(
        'cli.resume-takes-nothing',
        { given: extra },
        'A run goes on with the model and the settings it began with.',
        `microjoule run --resume ${o.resume}, or start a new run.`,
      );
}

/** With a stop rule that names no limit. */
const UNTIL_MOST_WINDOWS = 50;

/** Paths as seen from any folder: a run may be resumed from another one. */
function requestOf(model: string, o: RunCommandOptions, given: readonly string[]): RunRequest {
  const most = o.until !== undefined && !given.includes('--windows') ? UNTIL_MOST_WINDOWS : o.windows;
  return {
    modelPath: resolve(model),
    targetId: o.target,
    kernels: o.kernels,
    mode: o.mode,
    windows: most,
    untilRel: o.until === undefined ? null : o.until / 100,
    windowS: o.windowS,
    dataDir: o.data === undefined ? null : resolve(o.data),
    maxItems: o.items ?? null,
    inferences: o.inferences ?? null,
    supplyV: o.supply,
    seed: o.seed,
    worldSeed: o.worldSeed,
    ...(o.warmUp === undefined ? {} : { warmUp: o.warmUp }),
  };
}

/** What the user says of this run; the database keeps each as a note. */
function remarksOf({ note, wiring, temperature }: RunCommandOptions): string[] {
  return [
    ...(note === undefined ? [] : [note]),
    ...(wiring === undefined ? [] : [`Wiring: ${wiring}`]),
    ...(temperature === undefined ? [] : [`Room: ${temperature} °C`]),
  ];
}

/** Shows the run's events and keeps the notes from the start, so that they are there whatever becomes of the run. */
function watchWithNotes(core: Core, notes: readonly string[], output: Output): (event: RunEvent) => void {
  const show = watchRun(output);
  return (event) => {
    if (event.type === 'started')
      for (const note of notes) {
        const kept = core.store.notes.add(event.runId, note);
        if (!kept.ok) output.note(`the note was not kept: ${kept.id}`);
      }
    show(event);
  };
}

export async function run(
  model: string | null,
  o: RunCommandOptions,
  given: readonly string[],
  context: CommandContext,
): Promise<number> {
  const { output, signal } = context;
  const checked = checkWords(model, o, given);
  if (!checked.ok) return output.fail(checked);
  const opened = await openCore(context.db);
  if (!opened.ok) return output.fail(opened);
  await using core = opened.value;
  let recording: RunRecording | null = null;
  const emulation: Emulation = {
    ...(o.zeroWait ? { zeroWait: true } : {}),
    ...(o.recordInput === undefined ? {} : { onRecording: (r) => (recording = r) }),
  };
  const wiring: Wiring = {
    ...(o.port ? { port: o.port } : {}),
    ...(o.monitor ? { monitor: o.monitor } : {}),
    ...(Object.keys(emulation).length > 0 ? { emulation } : {}),
  };
  const watch = { signal, onEvent: watchWithNotes(core, remarksOf(o), output) };
  const done =
    o.resume !== undefined
      ? await core.resume(o.resume, wiring, watch)
      : await core.run(requestOf(model!, o, given), wiring, watch);
  output.endProgress();
  if (recording) {
    const written = writeText(o.recordInput!, recordingText(recording));
    if (!written.ok) return output.fail(written);
  }
  if (!done.ok) return output.fail(done);
  const shown = withNotes(core, done.value);
  output.result(shown, () =>
    [runText(shown), profileText(shown), layersText(shown)].filter(Boolean).join('\n\n'),
  );
  return exitCodeOfRun(done.value);
}
