import { Kernel, MoveParamsBytes, writeMoveParams } from '../../abi/generated.ts';
import type { Tensor } from '../../model/graph.ts';
import { inputOf, outputOf, zeroPointOf, type OpView } from '../../model/op-view.ts';
import { paddingsOf } from '../../model/ops/pad.ts';
import { sliceAxes, stridedAxes, type SliceAxis } from '../../model/ops/slicing.ts';
import { permutationOf } from '../../model/ops/transpose.ts';
import { elementBits, elementCount } from '../../model/tensor-type.ts';
import type { KernelRecord, Lowered } from '../kernel-record.ts';

/** One dimension of a walk: blocks, and bytes from one to the next on either side. */
interface Dimension {
  readonly count: number;
  readonly inStride: number;
  readonly outStride: number;
}

/** A walk in bytes, fastest dimension last; `block` bytes lie together at every stop. */
interface Walk {
  readonly inOffset: number;
  readonly outOffset: number;
  readonly dims: readonly Dimension[];
  readonly block: number;
}

const bytesOf = (tensor: Tensor): number => elementBits(tensor.type) / 8;

/** Bytes from one step of each dimension to the next. */
function byteStrides(tensor: Tensor): number[] {
  return tensor.shape.map((_, i) => bytesOf(tensor) * elementCount(tensor.shape.slice(i + 1)));
}

/** Dimensions of one step go, and neighbours that run through on both sides become one, or part of the block. */
function merged(walk: Walk): Walk {
  let { block } = walk;
  const dims: Dimension[] = [];
  for (const d of [...walk.dims].reverse()) {
    if (d.count === 1) continue;
    const next = dims.at(-1);
    if (!next && d.inStride === block && d.outStride === block) block *= d.count;
    else if (next && d.inStride === next.inStride * next.count && d.outStride === next.outStride * next.count)
      dims[dims.length - 1] = { ...next, count: next.count * d.count };
    else dims.push(d);
  }
  return { ...walk, dims: dims.reverse(), block };
}

const RANK = 5;
const STILL: Dimension = { count: 1, inStride: 0, outStride: 0 };

function lowerWalk(walk: Walk, pattern: number | null): Lowered {
  const { dims, inOffset, outOffset, block } = merged(walk);
  const five = [...new Array<Dimension>(RANK - dims.length).fill(STILL), ...dims];
  return {
    paramsBytes: MoveParamsBytes,
    constants: {},
    operands: [0],
    writeParams: (bytes, at) =>
      writeMoveParams(bytes, at, {
        dims: five.map((d) => d.count),
        inOffset,
        inStrides: five.map((d) => d.inStride),
        outOffset,
        outStrides: five.map((d) => d.outStride),
        blockBytes: block,
        fill: pattern === null ? 0 : 1,
        pattern: pattern ?? 0,
      }),
    scratchBytes: 0,
  };
}

function lowerTranspose(view: OpView): Lowered {
  const [input, output] = [inputOf(view, 0), outputOf(view)];
  const [inStrides, outStrides] = [byteStrides(input), byteStrides(output)];
  const dims = permutationOf(view).map((axis, i) => ({
    count: output.shape[i]!,
    inStride: inStrides[axis]!,
    outStride: outStrides[i]!,
  }));
  return lowerWalk({ inOffset: 0, outOffset: 0, dims, block: bytesOf(input) }, null);
}

/** Dimensions the output lacks have one element, so its strides follow from the counts. */
function lowerSlice(view: OpView, axes: readonly SliceAxis[]): Lowered {
  const input = inputOf(view, 0);
  const strides = byteStrides(input);
  const counts = axes.map((a) => a.count);
  const dims = axes.map((a, i) => ({
    count: a.count,
    inStride: a.step * strides[i]!,
    outStride: bytesOf(input) * elementCount(counts.slice(i + 1)),
  }));
  const inOffset = axes.reduce((n, a, i) => n + a.first * strides[i]!, 0);
  return lowerWalk({ inOffset, outOffset: 0, dims, block: bytesOf(input) }, null);
}

/** Four bytes of the value that fills: an element, repeated where it is smaller. */
function fillPattern(view: OpView): number {
  const output = outputOf(view);
  const value = view.inputs[2]?.data;
  const zero = output.quantization ? zeroPointOf(output) : 0;
  const own = value ?? new Uint8Array(Int32Array.of(zero).buffer);
  const size = bytesOf(output);
  return [0, 1, 2, 3].reduce((word, i) => word + own[i % size]! * 256 ** i, 0);
}

function lowerPad(view: OpView): Lowered {
  const [input, output] = [inputOf(view, 0), outputOf(view)];
  const [inStrides, outStrides] = [byteStrides(input), byteStrides(output)];
  const dims = input.shape.map((count, i) => ({
    count,
    inStride: inStrides[i]!,
    outStride: outStrides[i]!,
  }));
  const outOffset = paddingsOf(view).reduce((n, p, i) => n + p.before * outStrides[i]!, 0);
  return lowerWalk({ inOffset: 0, outOffset, dims, block: bytesOf(input) }, fillPattern(view));
}

const move = (builtin: number, lower: KernelRecord['lower']): KernelRecord => ({
  kernel: Kernel.Move,
  name: 'move',
  builtin,
  cores: 'all',
  applies: () => true,
  lower,
  cost: (work) => 12 * work.activationBytes,
});

export const moveKernels: readonly KernelRecord[] = [
  move(39, lowerTranspose),
  move(65, (view) => lowerSlice(view, sliceAxes(view))),
  move(45, (view) => lowerSlice(view, stridedAxes(view))),
  move(34, lowerPad),
  move(60, lowerPad),
];
