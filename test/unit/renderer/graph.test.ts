import { describe, expect, it } from 'vitest';
import type { GraphNode, ModelGraph } from '../../../src-main/contract/bench/graphs.ts';
import { graphChoices, placeOf, placeParameter } from '../../../src-renderer/screens/graph/graph-place.ts';
import {
  availableHeats,
  differences,
  edgePath,
  fitView,
  heatText,
  hottest,
  matchNodes,
  neighbour,
  operatorName,
  pictureOf,
  residualOf,
  revealed,
  zoomed,
} from '../../../src-renderer/screens/graph/graph-view.ts';

const node = (index: number, over: Partial<GraphNode> = {}): GraphNode => ({
  index,
  name: 'CONV_2D',
  attributes: [],
  inputs: [index],
  outputs: [index + 1],
  operator: index,
  kernel: 'Conv2dS8',
  macs: 1000,
  predictedCycles: null,
  predictedEnergy: null,
  measuredCycles: null,
  measuredEnergy: null,
  ...over,
});

/** Tensor n goes from node n − 1 to node n; the first comes from outside, the last goes there. */
function chain(nodes: readonly GraphNode[]): ModelGraph {
  return {
    modelName: 'm',
    sha256: '',
    targetId: 't',
    targetName: '',
    clockHz: 125e6,
    runId: null,
    source: null,
    inputs: [0],
    outputs: [nodes.length],
    tensors: Array.from({ length: nodes.length + 2 }, (_, index) => ({
      index,
      name: `t${index}`,
      type: 'int8',
      shape: [1, 8 + (index % 3)],
      bytes: 8,
      quantization: null,
      constant: index === nodes.length + 1,
    })),
    nodes,
    remarks: [],
  };
}

describe('the picture of a model', () => {
  it('has a box an operator, one an input and output, and a line a tensor between them', () => {
    const g = chain([node(0), node(1, { inputs: [1, 4] }), node(2)]);
    const { boxes, layout } = pictureOf(g);
    expect(boxes.map((b) => [b.id, b.kind])).toEqual([
      [0, 'operator'],
      [1, 'operator'],
      [2, 'operator'],
      [-1, 'input'],
      [-2, 'output'],
    ]);
    // the constant 4 has no producer: it is inside its box
    expect(layout.edges.map((e) => [e.from, e.to])).toEqual([
      [-1, 0],
      [0, 1],
      [1, 2],
      [2, -2],
    ]);
    expect(layout.nodes.find((n) => n.id === -1)!.layer).toBe(0);
  });

  it('a tensor that an operator reads twice is one line, an absent input none', () => {
    const g = chain([node(0), node(1, { name: 'ADD', inputs: [1, 1, -1] })]);
    expect(pictureOf(g).layout.edges.filter((e) => e.to === 1)).toHaveLength(1);
  });

  it('arrow keys follow the lines and the layer', () => {
    // 0 → 1, 0 → 2, both → 3
    const g = chain([
      node(0, { outputs: [1] }),
      node(1, { inputs: [1], outputs: [2] }),
      node(2, { inputs: [1], outputs: [3] }),
      node(3, { inputs: [2, 3], outputs: [4] }),
    ]);
    const picture = pictureOf(g);
    const left = neighbour(picture, 0, 'ArrowDown')!;
    const right = left === 1 ? 2 : 1;
    const way =
      picture.layout.nodes.find((n) => n.id === left)!.x <
      picture.layout.nodes.find((n) => n.id === right)!.x;
    expect(neighbour(picture, left, way ? 'ArrowRight' : 'ArrowLeft')).toBe(right);
    expect(neighbour(picture, right, 'ArrowDown')).toBe(3);
    expect(neighbour(picture, 0, 'ArrowUp')).toBe(-1);
    expect(neighbour(picture, -1, 'ArrowUp')).toBeNull();
    expect([neighbour(picture, 3, 'Home'), neighbour(picture, 0, 'End')]).toEqual([-1, -2]);
  });

  it('names read as words', () => {
    expect(['DEPTHWISE_CONV_2D', 'SOFTMAX'].map(operatorName)).toEqual(['Depthwise Conv 2D', 'Softmax']);
  });
});

describe('heat', () => {
  const hot = node(0, {
    measuredCycles: 2000,
    predictedCycles: 1900,
    measuredEnergy: { energyUj: 12.3456, plusMinusUj: 0.1, commonUj: 1 },
  });
  const elided = node(1, { operator: null, kernel: null, macs: 0 });

  it('is offered only where there is any', () => {
    expect(availableHeats([chain([hot, elided])])).toEqual([
      'measured',
      'predicted',
      'energy',
      'residual',
      'macs',
    ]);
    expect(availableHeats([chain([node(0)])])).toEqual(['macs']);
  });

  it('one colour means one thing in both of two graphs', () => {
    const other = chain([node(0, { measuredCycles: 9000 })]);
    expect(hottest([chain([hot, elided]), other], 'measured')).toBe(9000);
  });

  it('is said in words and units', () => {
    expect(residualOf(hot)).toBeCloseTo(-0.05, 12);
    expect([
      heatText(hot, 'measured'),
      heatText(hot, 'energy'),
      heatText(hot, 'residual'),
      heatText(elided, 'measured'),
      heatText(node(2), 'measured'),
      heatText(
        { ...hot, measuredEnergy: null, predictedEnergy: { energyUj: 10, plusMinusUj: 5, commonUj: 0 } },
        'energy',
      ),
    ]).toEqual(['2\u202f000 cycles', '12.3 µJ', '−5.0 %', 'renames bytes', 'not known', '≈ 10.0 µJ']);
  });
});

describe('two graphs side by side', () => {
  it('match operators of one kind and shape in order, and tell what changed', () => {
    const a = chain([
      node(0, { measuredCycles: 100 }),
      node(1, { name: 'RELU', measuredCycles: 5 }),
      node(2, { measuredCycles: 50 }),
    ]);
    const b = chain([
      node(0, { measuredCycles: 80 }),
      node(1, { name: 'ADD' }),
      node(2, { measuredCycles: 50 }),
    ]);
    const pairs = matchNodes(a, b);
    expect(pairs.map((p) => [p.a?.index, p.b?.index])).toEqual([
      [0, 0],
      [1, undefined],
      [undefined, 1],
      [2, 2],
    ]);
    expect(differences(pairs, 'measured').map((d) => d.change)).toEqual([-20, null, null, 0]);
  });
});

describe('the view', () => {
  const layout = { nodes: [], edges: [], width: 400, height: 4000 };

  it('shows all, or the head of what would be too small to read', () => {
    const all = fitView(layout, 800, 600);
    expect(layout.height * all.scale).toBeLessThanOrEqual(600);
    const head = fitView(layout, 800, 600, true);
    expect(head.scale).toBeGreaterThanOrEqual(0.8);
    expect(head.y).toBeLessThanOrEqual(0);
  });

  it('what is under the pointer stays there', () => {
    const view = { x: 10, y: 20, scale: 1 };
    const closer = zoomed(view, 1.5, 200, 100);
    expect(closer.x + 200 / closer.scale).toBeCloseTo(view.x + 200, 9);
    expect(closer.y + 100 / closer.scale).toBeCloseTo(view.y + 100, 9);
    expect(zoomed(view, 1e9, 0, 0).scale).toBe(2);
    expect(zoomed(view, 1e-9, 0, 0).scale).toBe(0.004);
  });

  it('moves as little as it must to show a box, and not at all when it is seen', () => {
    const box = { x: 300, y: 300, width: 100, height: 50 };
    const seen = { x: 0, y: 0, scale: 1 };
    expect(revealed(seen, box, 800, 600)).toEqual(seen);
    const below = revealed(seen, { ...box, y: 900 }, 800, 600);
    expect(below.x).toBe(0);
    expect(below.y).toBe(900 + 50 + 40 - 600);
  });

  it('lines are straight where they can be', () => {
    expect(
      edgePath([
        [5, 0],
        [5, 10],
      ]),
    ).toBe('M5 0V10');
    expect(
      edgePath([
        [5, 0],
        [9, 10],
      ]),
    ).toBe('M5 0C5 5 9 5 9 10');
    expect(edgePath([])).toBe('');
  });
});

describe('what a graph is of', () => {
  it('is one word of the address, and nothing else', () => {
    expect(placeOf('run-12')).toEqual({ runId: 12 });
    expect(placeOf('model-0123abcd')).toEqual({ model: '0123abcd' });
    expect(['', 'run-', 'run-1x', 'model-../etc', 'run--1'].map(placeOf)).toEqual([
      null,
      null,
      null,
      null,
      null,
    ]);
    expect(placeParameter({ run: '3', model: 'x' })).toBe('run-3');
    expect(placeParameter({})).toBe('');
  });

  it('models come first, runs without op profile are not offered', () => {
    const run = { runId: 1, modelName: 'kws', mode: 'energy' };
    const choices = graphChoices(
      [{ token: 't', name: 'kws', sha256: '', fileBytes: 1, origin: 'shipped', hasData: false }],
      [run, { ...run, runId: 2, mode: 'accuracy' }] as unknown as Parameters<typeof graphChoices>[1],
    );
    expect(choices.map((c) => c.value)).toEqual(['model-t', 'run-1']);
  });
});
