import { Kernel, readConvParams, readFullyConnectedParams } from '../abi/generated.ts';
import type { PlannedOp, Program } from '../compile/program.ts';

/** How a board reads constants in place: words come through a cache, and a word that is not there costs time. */
export interface FlashCost {
  /** Cycles the core waits for one word. */
  readonly wordCycles: number;
  readonly cacheBytes: number;
  readonly lineBytes: number;
  readonly ways: number;
}

/** Constants an operator goes through, and how often it goes through all of them in turn. */
interface Sweeps {
  readonly bytes: number;
  readonly sweeps: number;
  /** Read once, beside those. */
  readonly onceBytes: number;
}

/** Pixels of an output row that share one pass over the weights: firmware/engine/kernels/conv2d_s8.c, BLOCK_PIXELS. */
const CONV_BLOCK = 4;

/**
 * Words the core waits for in each operator of one inference, from the order in which the kernels read. An operator's
 * constants are new to the cache when all of the Program's do not fit into it; what exceeds the cache is gone when the next
 * sweep comes back to it, with the oldest line replaced first.
 */
export function flashWords(program: Program, flash: FlashCost): number[] {
  const sweeps = program.ops.map((op) => sweepsOf(program, op));
  const all = sweeps.reduce((n, s) => n + s.bytes + s.onceBytes, 0);
  if (all <= flash.cacheBytes) return sweeps.map(() => 0);
  return sweeps.map(
    (s) => (s.bytes + s.onceBytes + Math.max(0, s.sweeps - 1) * lostBytes(s.bytes, flash)) / 4,
  );
}

/** Of so many bytes in a row, swept in a circle, those that miss: sets that hold more lines than ways keep none. */
function lostBytes(bytes: number, { cacheBytes, lineBytes, ways }: FlashCost): number {
  const sets = cacheBytes / (lineBytes * ways);
  const lines = bytes / lineBytes;
  const each = Math.floor(lines / sets);
  const fuller = lines - each * sets;
  const lost = (each + 1 > ways ? (each + 1) * fuller : 0) + (each > ways ? each * (sets - fuller) : 0);
  return lost * lineBytes;
}

function sweepsOf(program: Program, op: PlannedOp): Sweeps {
  const { bytes } = program;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (op.kernel === Kernel.Conv2dS8 || op.kernel === Kernel.DepthwiseConv2dS8) {
    const p = readConvParams(view, op.paramsOffset);
    const deep = op.kernel === Kernel.Conv2dS8;
    const weights = p.filterH * p.filterW * (deep ? p.filterC : 1) * p.outC;
    const rows = p.batches * p.outH;
    // the bias is folded in a sweep of its own over the weights
    return deep
      ? {
          bytes: weights + 8 * p.outC,
          sweeps: 1 + rows * Math.ceil(p.outW / CONV_BLOCK),
          onceBytes: op.paramsBytes + 4 * p.outC,
        }
      : { bytes: weights + 12 * p.outC, sweeps: rows * p.outW, onceBytes: op.paramsBytes };
  }
  if (op.kernel === Kernel.FullyConnectedS8) {
    const p = readFullyConnectedParams(view, op.paramsOffset);
    return { bytes: (p.inDepth + 12) * p.outDepth, sweeps: p.batches, onceBytes: op.paramsBytes };
  }
  return { bytes: 0, sweeps: 0, onceBytes: op.paramsBytes };
}
