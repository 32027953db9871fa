import { flatTable, i8 } from '../flat-writer.ts';
import { generateBinary } from '../generate/elementwise.ts';
import type { OperatorRecord } from '../operator-record.ts';
import { clampable } from '../op-rules.ts';
import { attributesOf, outputOf } from '../op-view.ts';
import { activationCode, readActivation } from '../option-fields.ts';
import { checkElementwise, sumFactor } from './elementwise.ts';

export const add: OperatorRecord = {
  name: 'ADD',
  builtin: 0,
  optionsType: 11,
  version: 2,
  readOptions: (t) => ({ kind: 'add', activation: readActivation(t, 0) }),
  writeOptions: (attributes) =>
    flatTable({ 0: i8(activationCode(attributesOf(attributes, 'add').activation)) }),
  check: (view) =>
    checkElementwise(
      view,
      () => sumFactor(view),
      () => clampable(view, attributesOf(view.op.attributes, 'add').activation, outputOf(view)),
    ),
  macs: () => 0,
  generate: (rng) => generateBinary(rng, 'ADD', 'add'),
};
