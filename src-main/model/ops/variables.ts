/**
 * Variables of streaming models. The reader resolves handles and first values (variables.ts), so READ_VARIABLE and
 * ASSIGN_VARIABLE only copy between a state and an activation; the other two leave nothing to do.
 */
import { ok, type Failure, type Result } from '../../base/errors.ts';
import { flatTable, i32, string } from '../flat-writer.ts';
import { generateVariables } from '../generate/variables.ts';
import type { OperatorRecord } from '../operator-record.ts';
import { arity, badOption, firstBroken, movesValues, wrongShape } from '../op-rules.ts';
import { attributesOf, inputOf, outputOf, type OpView } from '../op-view.ts';

function checkCopy(view: OpView): Result<readonly number[]> {
  const sameShape = (): Failure | null => {
    const [from, to] = [inputOf(view, 0), outputOf(view)];
    const same = from.shape.length === to.shape.length && from.shape.every((d, i) => d === to.shape[i]);
    return same ? null : wrongShape(view, to, from.shape);
  };
  const broken =
    arity(view, 1, 1) ??
    firstBroken(() => movesValues(view, inputOf(view, 0), outputOf(view), ['int8', 'int16']), sameShape);
  return broken ?? ok(inputOf(view, 0).shape);
}

const unresolved = (view: OpView): Result<readonly number[]> => badOption(view, 'was not resolved');
const none = { version: 1, macs: () => 0, generate: generateVariables };

export const readVariable: OperatorRecord = {
  name: 'READ_VARIABLE',
  builtin: 143,
  optionsType: 112,
  ...none,
  readOptions: () => ({ kind: 'plain' }),
  writeOptions: () => flatTable({}),
  check: checkCopy,
};

export const assignVariable: OperatorRecord = {
  name: 'ASSIGN_VARIABLE',
  builtin: 144,
  optionsType: 113,
  ...none,
  readOptions: () => ({ kind: 'plain' }),
  writeOptions: () => flatTable({}),
  check: checkCopy,
};

export const varHandle: OperatorRecord = {
  name: 'VAR_HANDLE',
  builtin: 142,
  optionsType: 111,
  ...none,
  readOptions: (t) => ({ kind: 'varHandle', container: t.string(0), sharedName: t.string(1) }),
  writeOptions: (attributes) => {
    const a = attributesOf(attributes, 'varHandle');
    return flatTable({ 0: string(a.container), 1: string(a.sharedName) });
  },
  check: unresolved,
};

export const callOnce: OperatorRecord = {
  name: 'CALL_ONCE',
  builtin: 129,
  optionsType: 103,
  ...none,
  readOptions: (t) => ({ kind: 'callOnce', subgraph: t.i32(0) }),
  writeOptions: (attributes) => flatTable({ 0: i32(attributesOf(attributes, 'callOnce').subgraph) }),
  check: unresolved,
};
