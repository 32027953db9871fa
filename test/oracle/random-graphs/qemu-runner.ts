import type { BoardDescriptor } from '../../../src-main/board/board.ts';
import { runBatch, type BatchCase, type BatchResult } from '../../qemu/batch.ts';
import type { GraphCase, GraphReply, GraphRunner } from './graph-runner.ts';

/**
 * A core in QEMU, with guards around the arena: as many cases in one start of the machine as its flash holds. Every set begins with fresh
 * states, so of Programs that have some only the first set is asked.
 */
export function qemuRunner(board: BoardDescriptor): GraphRunner {
  const run = async (cases: readonly GraphCase[]): Promise<GraphReply[]> => {
    const asked = cases.map(({ program, sets }) => (program.header.stateCount > 0 ? sets.slice(0, 1) : sets));
    const requests = cases.flatMap(({ program }, i) =>
      asked[i]!.map((inputs) => ({ program: program.bytes, inputs })),
    );
    const results: BatchResult[] = [];
    for (const batch of batchesOf(board, requests)) results.push(...(await runBatch(board, batch)));
    let at = 0;
    return asked.map((sets): GraphReply => {
      const own = results.slice(at, (at += sets.length));
      const bad = own.find((r) => r.status !== 0 || !r.guardsHold);
      if (bad) return { ok: false, why: bad.guardsHold ? `status ${bad.status}` : 'wrote beside the arena' };
      return { ok: true, crcs: own.map((r) => r.crc) };
    });
  };
  return { name: `${board.id} in QEMU`, board, run, [Symbol.dispose]: () => undefined };
}

/** Tables and alignment of a request, at most. */
const OVERHEAD_BYTES = 64;

function* batchesOf(board: BoardDescriptor, requests: readonly BatchCase[]): Iterable<BatchCase[]> {
  const most = board.flash.bytes - board.image.programOffset - OVERHEAD_BYTES;
  let batch: BatchCase[] = [];
  let bytes = 0;
  for (const request of requests) {
    const own = request.inputs.reduce((n, x) => n + x.length, request.program.length + OVERHEAD_BYTES);
    if (bytes + own > most) {
      yield batch;
      [batch, bytes] = [[], 0];
    }
    batch.push(request);
    bytes += own;
  }
  if (batch.length > 0) yield batch;
}
