/** Resource variables: VAR_HANDLE, READ_VARIABLE, ASSIGN_VARIABLE and the CALL_ONCE that gives them their first values. */
import type { FlatReader } from './flat-reader.ts';
import type { Operator, Tensor } from './graph.ts';
import { attributesOf } from './op-view.ts';

const CALL_ONCE = 129;
const VAR_HANDLE = 142;
const READ_VARIABLE = 143;
const ASSIGN_VARIABLE = 144;

export interface Subgraph {
  readonly tensors: readonly Tensor[];
  readonly ops: readonly Operator[];
}

/** Handle tensor → the name of its variable. */
function handlesOf(ops: readonly Operator[]): Map<number, string> {
  const handles = ops.filter((op) => op.builtin === VAR_HANDLE);
  return new Map(
    handles.map((op) => {
      const { container, sharedName } = attributesOf(op.attributes, 'varHandle');
      return [op.outputs[0] ?? -1, `${container}/${sharedName}`];
    }),
  );
}

function refuse(reader: FlatReader, op: Operator, why: string): void {
  reader.refuse(
    'model.bad-variable',
    { operator: op.name, index: op.index, why },
    `Operator ${op.index} (${op.name}) ${why}.`,
    'Convert the model again; its variables must be assigned before they are read, in one shape.',
  );
}

/** First values that a subgraph called once assigns; it may do nothing else. */
function initialValues(reader: FlatReader, { tensors, ops }: Subgraph): Map<string, Uint8Array> {
  const handles = handlesOf(ops);
  const values = new Map<string, Uint8Array>();
  for (const op of ops) {
    if (op.builtin === VAR_HANDLE) continue;
    const name = handles.get(op.inputs[0] ?? -1);
    const data = tensors[op.inputs[1] ?? -1]?.data;
    if (op.builtin !== ASSIGN_VARIABLE || name === undefined || !data)
      refuse(reader, op, 'does more than assign a constant where the model sets its variables up');
    else values.set(name, data);
  }
  return values;
}

/**
 * Gives every variable a tensor of its own behind the file's and takes the handles away: READ_VARIABLE reads that
 * tensor, ASSIGN_VARIABLE writes it. Refuses through the reader.
 */
export function resolveVariables(
  reader: FlatReader,
  main: Subgraph,
  called: (subgraph: number) => Subgraph | null,
): Subgraph {
  const handles = handlesOf(main.ops);
  const calls = main.ops.filter((op) => op.builtin === CALL_ONCE);
  if (handles.size === 0 && calls.length === 0) return main;
  const initial = new Map<string, Uint8Array>();
  for (const op of calls) {
    const subgraph = called(attributesOf(op.attributes, 'callOnce').subgraph);
    if (!subgraph) refuse(reader, op, 'calls a subgraph that is not there');
    else for (const [name, value] of initialValues(reader, subgraph)) initial.set(name, value);
  }
  const assigned = new Map<string, Tensor>();
  for (const op of main.ops) {
    const name = op.builtin === ASSIGN_VARIABLE ? handles.get(op.inputs[0] ?? -1) : undefined;
    const value = main.tensors[op.inputs[1] ?? -1];
    if (name !== undefined && value && !assigned.has(name)) assigned.set(name, value);
  }
  return new Resolver(reader, main, handles, assigned, initial).resolved();
}

class Resolver {
  readonly #reader: FlatReader;
  readonly #main: Subgraph;
  readonly #handles: ReadonlyMap<number, string>;
  readonly #initial: ReadonlyMap<string, Uint8Array>;
  readonly #states = new Map<string, Tensor>();
  readonly #tensors: Tensor[];

  constructor(
    reader: FlatReader,
    main: Subgraph,
    handles: ReadonlyMap<number, string>,
    assigned: ReadonlyMap<string, Tensor>,
    initial: ReadonlyMap<string, Uint8Array>,
  ) {
    this.#reader = reader;
    this.#main = main;
    this.#handles = handles;
    this.#initial = initial;
    this.#tensors = [...main.tensors];
    for (const [name, like] of assigned) this.#state(name, like);
  }

  #state(name: string, like: Tensor): void {
    const { type, shape, quantization } = like;
    const initial = this.#initial.get(name) ?? null;
    const index = this.#tensors.length;
    const state: Tensor = { index, name, type, shape, quantization, data: null, variable: { initial } };
    this.#states.set(name, state);
    this.#tensors.push(state);
  }

  resolved(): Subgraph {
    const ops = this.#main.ops.flatMap((op) => this.#operator(op));
    return { tensors: this.#tensors, ops };
  }

  #operator(op: Operator): Operator[] {
    if (op.builtin === VAR_HANDLE || op.builtin === CALL_ONCE) return [];
    if (op.builtin !== READ_VARIABLE && op.builtin !== ASSIGN_VARIABLE) return [op];
    const state = this.#states.get(this.#handles.get(op.inputs[0] ?? -1) ?? '');
    if (!state) {
      refuse(this.#reader, op, 'uses a variable that the model never assigns');
      return [];
    }
    const initial = state.variable!.initial;
    const bytes = state.shape.reduce((n, d) => n * d, 1);
    if (initial && initial.length % bytes !== 0)
      refuse(this.#reader, op, 'uses a variable whose first value has another shape');
    if (op.builtin === READ_VARIABLE) return [{ ...op, inputs: [state.index] }];
    return [{ ...op, inputs: op.inputs.slice(1), outputs: [state.index] }];
  }
}
