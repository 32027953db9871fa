import { describe, expect, it } from 'vitest';
import {
  FullyConnectedParamsBytes,
  Kernel,
  OpCode,
  writeFullyConnectedParams,
} from '../../../src-main/abi/generated.ts';
import { orThrow } from '../../../src-main/base/errors.ts';
import { Rng } from '../../../src-main/base/rng.ts';
import { openTwin } from '../../../src-main/engine/twin.ts';
import { clamp, requantizeExactly } from './exact.ts';
import { handProgram } from './hand-program.ts';

interface Case {
  readonly batches: number;
  readonly inDepth: number;
  readonly outDepth: number;
  readonly inputOffset: number;
  readonly filterOffset: number;
  readonly outputOffset: number;
  readonly shifts: readonly [number, number];
}

const cases: readonly Case[] = [
  {
    batches: 1,
    inDepth: 640,
    outDepth: 128,
    inputOffset: 128,
    filterOffset: 0,
    outputOffset: -128,
    shifts: [-12, -6],
  },
  {
    batches: 3,
    inDepth: 7,
    outDepth: 5,
    inputOffset: -127,
    filterOffset: 3,
    outputOffset: 127,
    shifts: [-10, -4],
  },
  { batches: 2, inDepth: 1, outDepth: 1, inputOffset: 0, filterOffset: 0, outputOffset: 0, shifts: [0, 2] },
  {
    batches: 1,
    inDepth: 33,
    outDepth: 3,
    inputOffset: 5,
    filterOffset: -1,
    outputOffset: 9,
    shifts: [-31, 3],
  },
];

async function compare(c: Case, rng: Rng): Promise<void> {
  const weights = new Int8Array(rng.bytes(c.inDepth * c.outDepth).buffer);
  const bias = Int32Array.from({ length: c.outDepth }, () => rng.int(-20000, 20000));
  const multipliers = Int32Array.from({ length: c.outDepth }, () => rng.int(2 ** 30, 2 ** 31 - 1));
  const shifts = Int32Array.from({ length: c.outDepth }, () => rng.int(...c.shifts));
  const program = handProgram({
    tensors: [{ elements: c.batches * c.inDepth }, { elements: c.batches * c.outDepth }],
    inputs: [0],
    outputs: [1],
    ops: [
      {
        opcode: OpCode.FullyConnected,
        kernel: Kernel.FullyConnectedS8,
        inputs: [0],
        outputs: [1],
        paramsBytes: FullyConnectedParamsBytes,
        params: (view, at, constant) =>
          writeFullyConnectedParams(view, at, {
            ...c,
            actMin: -128,
            actMax: 127,
            weightsOffset: constant(weights),
            biasOffset: constant(bias),
            multipliersOffset: constant(multipliers),
            shiftsOffset: constant(shifts),
            reserved: [0, 0, 0, 0],
          }),
      },
    ],
  });
  await using twin = orThrow(await openTwin(program));
  const input = new Int8Array(rng.bytes(c.batches * c.inDepth).buffer);
  const [output] = orThrow(twin.infer([new Uint8Array(input.buffer)]));
  const expected: number[] = [];
  for (let b = 0; b < c.batches; b++) {
    for (let o = 0; o < c.outDepth; o++) {
      let acc = bias[o]!;
      for (let k = 0; k < c.inDepth; k++) {
        acc += (input[b * c.inDepth + k]! + c.inputOffset) * (weights[o * c.inDepth + k]! + c.filterOffset);
      }
      expected.push(clamp(requantizeExactly(acc, multipliers[o]!, shifts[o]!) + c.outputOffset, -128, 127));
    }
  }
  expect([...new Int8Array(output!.buffer)]).toEqual(expected);
}

describe('fully connected in the host twin', () => {
  it.each(cases)('equals the definition in big integers: $batches × $inDepth → $outDepth', async (c) => {
    const rng = new Rng(c.inDepth);
    for (let i = 0; i < 10; i++) await compare(c, rng);
  });
});
