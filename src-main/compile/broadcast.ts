import type { BroadcastWalk } from '../abi/generated.ts';
import { inputOf, outputOf, type OpView } from '../model/op-view.ts';
import { elementCount } from '../model/tensor-type.ts';

const RANK = 4;

/** Shape padded in front with ones. */
function fourDims(shape: readonly number[]): number[] {
  return [...new Array<number>(RANK - shape.length).fill(1), ...shape];
}

/** Elements from one step of an output dimension to the next; 0 where the input is repeated. */
export function broadcastStrides(shape: readonly number[], out: readonly number[]): number[] {
  const dims = fourDims(shape);
  return dims.map((d, i) => (d === 1 && out[i] !== 1 ? 0 : elementCount(dims.slice(i + 1))));
}

/** How an elementwise operator walks its two inputs. */
export function broadcastOf(view: OpView): BroadcastWalk {
  const [a, b, out] = [inputOf(view, 0), inputOf(view, 1), outputOf(view)];
  const outDims = fourDims(out.shape);
  const same = a.shape.length === b.shape.length && a.shape.every((d, i) => d === b.shape[i]);
  return {
    elements: elementCount(out.shape),
    broadcast: same ? 0 : 1,
    outDims,
    strides1: broadcastStrides(a.shape, outDims),
    strides2: broadcastStrides(b.shape, outDims),
  };
}
