import type { BoardDescriptor } from '../../../src-main/board/board.ts';
import type { Program } from '../../../src-main/compile/program.ts';
import type { NativeEngine } from '../../unit/engine/native-engine.ts';
import { type NativeReply } from '../../unit/engine/native-engine.ts';
import type { GraphCase, GraphReply, GraphRunner } from './graph-runner.ts';

/** The engine on this computer under AddressSanitizer and UndefinedBehaviorSanitizer; it outlives the runner. */
export class NativeRunner implements GraphRunner {
  readonly name: string;
  readonly board: BoardDescriptor;
  readonly #engine: NativeEngine;

  constructor(name: string, board: BoardDescriptor, engine: NativeEngine) {
    this.name = name;
    this.board = board;
    this.#engine = engine;
  }

  async run(cases: readonly GraphCase[]): Promise<GraphReply[]> {
    try {
      return this.#together(cases);
    } catch (error) {
      // one of them stopped the process: say which, and answer for the others
      if (cases.length === 1) return [{ ok: false, why: String(error) }];
      const half = cases.length >> 1;
      return [...(await this.run(cases.slice(0, half))), ...(await this.run(cases.slice(half)))];
    }
  }

  #together(cases: readonly GraphCase[]): GraphReply[] {
    const requests = cases.map(({ program, sets }) => ({
      program: program.bytes,
      arenaBytes: program.header.arenaBytes,
      sets: sets.map((set) => Buffer.concat(set)),
      outputBytes: outputSizes(program).reduce((a, b) => a + b, 0),
    }));
    const replies = this.#engine.run(requests);
    return cases.map(({ program }, i) => replyOf(program, replies[i]!));
  }

  [Symbol.dispose](): void {}
}

function outputSizes(program: Program): number[] {
  return program.outputs.map((t) => program.tensors[t]!.bytes);
}

function replyOf(program: Program, reply: NativeReply): GraphReply {
  if (reply.opened !== 0) return { ok: false, why: `refused with status ${reply.opened}` };
  const failed = reply.runs.find((run) => run.status !== 0);
  if (failed) return { ok: false, why: `a kernel returned status ${failed.status}` };
  return { ok: true, outputs: reply.runs.map((run) => cut(run.outputs, outputSizes(program))) };
}

/** Tensors that lie one behind the other. */
export function cut(bytes: Uint8Array, sizes: readonly number[]): Uint8Array[] {
  let at = 0;
  return sizes.map((size) => Uint8Array.from(bytes.subarray(at, (at += size))));
}
