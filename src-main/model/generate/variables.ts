import type { Rng } from '../../base/rng.ts';
import type { ModelSpec, OpSpec, TensorSpec } from '../model-spec.ts';
import { activationTensor, randomScale, randomZeroPoint } from './random-tensors.ts';

const handle = (name: string): TensorSpec => ({ name, type: 'resource', shape: [] });
const plain = { kind: 'plain' } as const;

/**
 * A ring of the last inputs, as streaming convolutions keep it: what was remembered and the input in one row, of which
 * the newest part is remembered for the next time.
 */
export function generateVariables(rng: Rng): ModelSpec {
  const [kept, fresh, channels] = [rng.int(1, 5), rng.int(1, 4), rng.int(1, 6)];
  const [scale, zeroPoint] = [randomScale(rng), randomZeroPoint(rng)];
  const row = (name: string, rows: number) => activationTensor(name, [1, rows, channels], scale, zeroPoint);
  const ints = (name: string, values: number[]): TensorSpec => ({
    name,
    type: 'int32',
    shape: [values.length],
    data: Int32Array.from(values),
  });
  const name = { kind: 'varHandle', container: '', sharedName: 'remembered' } as const;
  const ops: OpSpec[] = [
    { name: 'VAR_HANDLE', attributes: name, inputs: [], outputs: [1] },
    { name: 'READ_VARIABLE', attributes: plain, inputs: [1], outputs: [2] },
    {
      name: 'CONCATENATION',
      attributes: { kind: 'concatenation', axis: 1, activation: 'none' },
      inputs: [2, 0],
      outputs: [3],
    },
    { name: 'SLICE', attributes: plain, inputs: [3, 4, 5], outputs: [6] },
    { name: 'ASSIGN_VARIABLE', attributes: plain, inputs: [1, 6], outputs: [] },
  ];
  const first = Int8Array.from({ length: kept * channels }, () => rng.int(-128, 127));
  const once: OpSpec = {
    name: 'CALL_ONCE',
    attributes: { kind: 'callOnce', subgraph: 1 },
    inputs: [],
    outputs: [],
  };
  const setsUp = rng.float() < 0.6;
  return {
    name: 'main',
    description: 'one variable',
    tensors: [
      row('input', fresh),
      handle('handle'),
      row('remembered', kept),
      row('row', kept + fresh),
      ints('begin', [0, fresh, 0]),
      ints('size', [1, kept, channels]),
      row('newest', kept),
    ],
    ops: setsUp ? [once, ...ops] : ops,
    inputs: [0],
    outputs: [3],
    ...(setsUp
      ? {
          called: [
            {
              name: 'setup',
              tensors: [handle('handle'), { ...row('first', kept), data: first }],
              ops: [
                { name: 'VAR_HANDLE', attributes: name, inputs: [], outputs: [0] },
                { name: 'ASSIGN_VARIABLE', attributes: plain, inputs: [0, 1], outputs: [] },
              ],
              inputs: [],
              outputs: [],
            },
          ],
        }
      : {}),
  };
}
