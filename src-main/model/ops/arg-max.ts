import { ok, type Failure } from '../../base/errors.ts';
import { flatTable, i8 } from '../flat-writer.ts';
import { generateArgMax } from '../generate/arg-max.ts';
import type { OperatorRecord } from '../operator-record.ts';
import {
  arity,
  badOption,
  constantInts,
  firstBroken,
  intsOf,
  noSuchAxis,
  ofRank,
  ofType,
  positiveAxis,
} from '../op-rules.ts';
import { attributesOf, inputOf, outputOf, type OpView } from '../op-view.ts';
import { tensorTypeCodes } from '../tensor-type.ts';

export function argMaxAxis(view: OpView): number {
  return positiveAxis(intsOf(inputOf(view, 1))[0]!, inputOf(view, 0).shape.length);
}

function axisFits(view: OpView): Failure | null {
  return argMaxAxis(view) < 0 ? noSuchAxis(view, intsOf(inputOf(view, 1))[0]!, inputOf(view, 0)) : null;
}

function indexType(view: OpView): Failure | null {
  const { outputType } = attributesOf(view.op.attributes, 'argMax');
  return outputType === 'int32' ? null : badOption(view, `gives its indices as ${outputType}`);
}

export const argMax: OperatorRecord = {
  name: 'ARG_MAX',
  builtin: 56,
  optionsType: 40,
  version: 2,
  readOptions: (t) => ({ kind: 'argMax', outputType: t.i8(0) === tensorTypeCodes.int64 ? 'int64' : 'int32' }),
  writeOptions: (attributes) =>
    flatTable({ 0: i8(tensorTypeCodes[attributesOf(attributes, 'argMax').outputType]) }),
  check: (view) => {
    const broken =
      arity(view, 2, 2) ??
      firstBroken(
        () => indexType(view),
        () => ofType(view, inputOf(view, 0), 'int8') ?? ofType(view, outputOf(view), 'int32'),
        () => ofRank(view, inputOf(view, 0), 1, 4),
        () => constantInts(view, 1, 1),
        () => axisFits(view),
      );
    return broken ?? ok(inputOf(view, 0).shape.filter((_, i) => i !== argMaxAxis(view)));
  },
  macs: () => 0,
  generate: generateArgMax,
};
