import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { orThrow } from '../../../src-main/base/errors.ts';
import { Rng } from '../../../src-main/base/rng.ts';
import { checkGraph, workOf } from '../../../src-main/model/graph-check.ts';
import type { Graph } from '../../../src-main/model/graph.ts';
import { viewOp } from '../../../src-main/model/op-view.ts';
import { operatorTable } from '../../../src-main/model/operator-table.ts';
import { broadcastShape } from '../../../src-main/model/ops/elementwise.ts';
import { convGeometry } from '../../../src-main/model/ops/conv2d.ts';
import { readModel } from '../../../src-main/model/reader.ts';
import { windowOutput, windowPadding } from '../../../src-main/model/window.ts';
import { writeModel } from '../../../src-main/model/writer.ts';
import { describeWith, needs, root, sharedDir } from '../../needs.ts';

function load(path: string): Graph {
  const graph = orThrow(readModel(readFileSync(path), 'm'));
  orThrow(checkGraph(graph));
  return graph;
}

const totalMacs = (graph: Graph): number =>
  graph.ops.reduce((n, op) => n + workOf(viewOp(graph, op)).macs, 0);

describe('sliding windows', () => {
  it('"valid" has an output for every position where the whole filter lies inside', () => {
    const rng = new Rng(1);
    for (let k = 0; k < 500; k++) {
      const axis = {
        input: rng.int(1, 30),
        filter: rng.int(1, 5),
        stride: rng.int(1, 4),
        dilation: rng.int(1, 3),
      };
      let positions = 0;
      for (let at = 0; at + (axis.filter - 1) * axis.dilation < axis.input; at += axis.stride) positions++;
      expect(Math.max(0, windowOutput(axis, 'valid'))).toBe(positions);
    }
  });

  it('"same" has an output for every stride, padded on both sides alike, the odd one behind', () => {
    expect(windowOutput({ input: 49, filter: 10, stride: 2, dilation: 1 }, 'same')).toBe(25);
    expect(windowPadding({ input: 49, filter: 10, stride: 2, dilation: 1 }, 25)).toBe(4);
    expect(windowPadding({ input: 10, filter: 4, stride: 2, dilation: 1 }, 5)).toBe(1);
    expect(windowPadding({ input: 8, filter: 2, stride: 2, dilation: 1 }, 4)).toBe(0);
  });
});

describe('broadcasting', () => {
  it.each([
    [[1, 4, 4, 8], [8], [1, 4, 4, 8]],
    [
      [1, 1, 4, 1],
      [3, 4, 5],
      [1, 3, 4, 5],
    ],
    [[], [2, 2], [2, 2]],
    [[2, 3], [3, 2], null],
  ])('%j with %j gives %j', (a, b, out) => {
    expect(broadcastShape(a, b)).toEqual(out);
    expect(broadcastShape(b, a)).toEqual(out);
  });
});

describe('the operator table', () => {
  it('names every operator and code once', () => {
    expect(new Set(operatorTable.map((r) => r.name)).size).toBe(operatorTable.length);
    expect(new Set(operatorTable.map((r) => r.builtin)).size).toBe(operatorTable.length);
  });

  it('MACs of a convolution: filter taps times outputs, counted one by one', () => {
    const record = operatorTable.find((r) => r.name === 'CONV_2D')!;
    for (let seed = 0; seed < 30; seed++) {
      const graph = orThrow(readModel(writeModel(record.generate(new Rng(seed))), 'x'));
      const view = viewOp(graph, graph.ops[0]!);
      const g = convGeometry(view);
      let taps = 0;
      for (let o = 0; o < g.batches * g.outH * g.outW * g.outC; o++)
        for (let h = 0; h < g.filterH; h++) for (let w = 0; w < g.filterW; w++) taps += g.filterC;
      expect(workOf(view).macs).toBe(taps);
    }
  });

  it('tiny-ad: 64·32 + 32·8 + 8·32 + 32·64 MACs, and as many weights plus its biases', () => {
    const graph = load(join(root, 'models/tiny-ad.tflite'));
    expect(totalMacs(graph)).toBe(4608);
    const weightBytes = graph.ops.reduce((n, op) => n + workOf(viewOp(graph, op)).weightBytes, 0);
    expect(weightBytes).toBe(4608 + 4 * (32 + 8 + 32 + 64));
  });

  it('the first layer of tiny-ad reads 64 bytes and writes 32', () => {
    const graph = load(join(root, 'models/tiny-ad.tflite'));
    expect(workOf(viewOp(graph, graph.ops[0]!))).toMatchObject({ outputs: 32, activationBytes: 96 });
  });
});

describeWith([needs.shared], 'MACs of the reference models', () => {
  it.each([
    ['kws01', 2_656_768],
    ['ic01', 12_501_632],
    ['vww01', 7_489_664],
    ['ad01', 264_192],
  ])('%s: %i', (name, macs) => {
    expect(totalMacs(load(join(sharedDir!, `data/models/${name}_int8.tflite`)))).toBe(macs);
  });
});
