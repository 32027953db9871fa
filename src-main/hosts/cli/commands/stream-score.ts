import { resolve } from 'node:path';
import type { StreamScores } from '../../../contract/index.ts';
import { rescore } from '../../../core/stream-score.ts';
import type { CommandContext } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import { openCoreToRead } from '../open-core.ts';
import { scoresText } from '../stream-view.ts';

export interface ScoreOptions {
  readonly threshold?: number;
  readonly smoothing?: number;
  readonly refractory?: number;
  readonly truth?: string;
}

/** Of a recording's folder without any database, or of a stream run by its number. */
export async function score(what: string, o: ScoreOptions, { output, db }: CommandContext): Promise<number> {
  const settings = {
    threshold: o.threshold ?? null,
    smoothingWindows: o.smoothing ?? null,
    refractoryMs: o.refractory ?? null,
    truthPath: o.truth === undefined ? null : resolve(o.truth),
  };
  const show = (scores: StreamScores): number => {
    output.result(scores, () => scoresText(scores));
    return exitCodes.done;
  };
  if (!/^\d+$/.test(what)) {
    const scored = rescore({ kind: 'recording', dir: resolve(what) }, settings);
    return scored.ok ? show(scored.value) : output.fail(scored);
  }
  const opened = await openCoreToRead(db);
  if (!opened.ok) return output.fail(opened);
  await using core = opened.value;
  const scored = rescore({ kind: 'stored', streamId: Number(what), streams: core.store.streams }, settings);
  return scored.ok ? show(scored.value) : output.fail(scored);
}
