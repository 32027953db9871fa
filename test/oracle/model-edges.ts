import type { Graph } from '../../src-main/model/graph.ts';
import { scaleOf, zeroPointOf } from '../../src-main/model/op-view.ts';
import type { ModelSpec, OpSpec, TensorSpec } from '../../src-main/model/writer.ts';

/**
 * The same net with other ends, as converters make them: QUANTIZE in front and DEQUANTIZE (or QUANTIZE to uint8)
 * behind. For graphs with one input and one output.
 */
export function withEnds(graph: Graph, type: 'float32' | 'uint8'): ModelSpec {
  const [input, output] = [graph.inputs[0]!, graph.outputs[0]!].map((t) => graph.tensors[t]!) as [
    Graph['tensors'][number],
    Graph['tensors'][number],
  ];
  const count = graph.tensors.length;
  const end = (name: string, like: typeof input): TensorSpec => ({
    name,
    type,
    shape: like.shape,
    quantization:
      type === 'float32' ? null : { scales: [scaleOf(like)], zeroPoints: [zeroPointOf(like) + 128] },
  });
  const first: OpSpec = {
    name: 'QUANTIZE',
    attributes: { kind: 'quantize' },
    inputs: [count],
    outputs: [input.index],
  };
  const last: OpSpec =
    type === 'float32'
      ? {
          name: 'DEQUANTIZE',
          attributes: { kind: 'dequantize' },
          inputs: [output.index],
          outputs: [count + 1],
        }
      : { name: 'QUANTIZE', attributes: { kind: 'quantize' }, inputs: [output.index], outputs: [count + 1] };
  return {
    name: 'main',
    tensors: [...graph.tensors, end('outer input', input), end('outer output', output)],
    ops: [first, ...graph.ops, last],
    inputs: [count],
    outputs: [count + 1],
  };
}
