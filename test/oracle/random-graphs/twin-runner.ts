import { orThrow } from '../../../src-main/base/errors.ts';
import type { BoardDescriptor } from '../../../src-main/board/board.ts';
import { openTwin } from '../../../src-main/engine/twin.ts';
import type { GraphCase, GraphReply, GraphRunner } from './graph-runner.ts';

/** The host twin in WebAssembly, with the Programs of any board: every kernel has a portable form. */
export function twinRunner(name: string, board: BoardDescriptor): GraphRunner {
  return { name, board, run: runAll, [Symbol.dispose]: () => undefined };
}

async function runAll(cases: readonly GraphCase[]): Promise<GraphReply[]> {
  const replies: GraphReply[] = [];
  for (const { program, sets } of cases) {
    const opened = await openTwin(program.bytes);
    if (!opened.ok) {
      replies.push({ ok: false, why: `${opened.id} ${JSON.stringify(opened.facts)}` });
      continue;
    }
    await using twin = opened.value;
    replies.push({ ok: true, outputs: sets.map((set) => orThrow(twin.inferNext(set))) });
  }
  return replies;
}
