import { ok } from '../../base/errors.ts';
import { flatTable, i32, i8 } from '../flat-writer.ts';
import type { OperatorRecord } from '../operator-record.ts';
import {
  arity,
  clampable,
  countable,
  firstBroken,
  ofRank,
  ofType,
  perTensor,
  sameQuantization,
} from '../op-rules.ts';
import { attributesOf, inputOf, outputOf, type OpView } from '../op-view.ts';
import { activationCode, paddingCode, readActivation, readPadding, readStep } from '../option-fields.ts';
import { windowOutput, windowPadding } from '../window.ts';
import { generatePool2d } from '../generate/pool2d.ts';

export interface PoolGeometry {
  readonly batches: number;
  readonly inH: number;
  readonly inW: number;
  readonly channels: number;
  readonly outH: number;
  readonly outW: number;
  readonly padTop: number;
  readonly padLeft: number;
}

export function poolGeometry(view: OpView): PoolGeometry {
  const a = attributesOf(view.op.attributes, 'pool2d');
  const [batches, inH, inW, channels] = inputOf(view, 0).shape as [number, number, number, number];
  const h = { input: inH, filter: a.filterH, stride: a.strideH, dilation: 1 };
  const w = { input: inW, filter: a.filterW, stride: a.strideW, dilation: 1 };
  const outH = windowOutput(h, a.padding);
  const outW = windowOutput(w, a.padding);
  const padTop = windowPadding(h, outH);
  const padLeft = windowPadding(w, outW);
  return { batches, inH, inW, channels, outH, outW, padTop, padLeft };
}

function poolSides(view: OpView): number[] {
  const { inH, inW, padTop, padLeft } = poolGeometry(view);
  return [inH, inW, padTop, padLeft];
}

const pool2d: Omit<OperatorRecord, 'name' | 'builtin' | 'generate'> = {
  optionsType: 5,
  version: 2,
  readOptions: (t) => ({
    kind: 'pool2d',
    padding: readPadding(t, 0),
    strideW: readStep(t, 1, 'stride_w'),
    strideH: readStep(t, 2, 'stride_h'),
    filterW: readStep(t, 3, 'filter_width'),
    filterH: readStep(t, 4, 'filter_height'),
    activation: readActivation(t, 5),
  }),
  writeOptions: (attributes) => {
    const a = attributesOf(attributes, 'pool2d');
    return flatTable({
      0: i8(paddingCode(a.padding)),
      1: i32(a.strideW),
      2: i32(a.strideH),
      3: i32(a.filterW),
      4: i32(a.filterH),
      5: i8(activationCode(a.activation)),
    });
  },
  check: (view) => {
    const broken =
      arity(view, 1, 1) ??
      firstBroken(
        () => ofType(view, inputOf(view, 0), 'int8') ?? ofType(view, outputOf(view), 'int8'),
        () => ofRank(view, inputOf(view, 0), 4),
        () => countable(view, [], poolSides(view)),
        () => perTensor(view, inputOf(view, 0)) ?? perTensor(view, outputOf(view)),
        // pooling only moves values
        () => sameQuantization(view, inputOf(view, 0), outputOf(view)),
        () => clampable(view, attributesOf(view.op.attributes, 'pool2d').activation, outputOf(view)),
      );
    if (broken) return broken;
    const g = poolGeometry(view);
    return ok([g.batches, g.outH, g.outW, g.channels]);
  },
  macs: () => 0,
};

export const averagePool2d: OperatorRecord = {
  name: 'AVERAGE_POOL_2D',
  builtin: 1,
  ...pool2d,
  generate: (rng) => generatePool2d(rng, 'AVERAGE_POOL_2D'),
};

export const maxPool2d: OperatorRecord = {
  name: 'MAX_POOL_2D',
  builtin: 17,
  ...pool2d,
  generate: (rng) => generatePool2d(rng, 'MAX_POOL_2D'),
};
