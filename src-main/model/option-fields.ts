import type { FlatTable } from './flat-reader.ts';
import type { Activation, Padding } from './operators.ts';
import { LARGEST_STEP } from './window.ts';

/** Enumerations of .tflite's builtin options, in the order of their codes (schema v3). */
const paddings: readonly Padding[] = ['same', 'valid'];
const activations: readonly Activation[] = ['none', 'relu', 'relu_n1_to_1', 'relu6', 'tanh', 'sign_bit'];

function refuseOption(table: FlatTable, what: string, value: number): void {
  table.reader.refuse(
    'model.bad-options',
    { what, value },
    `An operator has the ${what} ${value}, which the format does not know or allow.`,
    'Convert the model again.',
  );
}

export function readPadding(table: FlatTable, field: number): Padding {
  const code = table.i8(field);
  const padding = paddings[code];
  if (padding === undefined) refuseOption(table, 'padding', code);
  return padding ?? 'valid';
}

export function readActivation(table: FlatTable, field: number): Activation {
  const code = table.i8(field);
  const activation = activations[code];
  if (activation === undefined) refuseOption(table, 'activation', code);
  return activation ?? 'none';
}

/** A stride, a filter size, a dilation: at least 1. */
export function readStep(table: FlatTable, field: number, what: string, otherwise = 0): number {
  const value = table.i32(field, otherwise);
  if (value < 1 || value > LARGEST_STEP) refuseOption(table, what, value);
  return value;
}

export function paddingCode(padding: Padding): number {
  return paddings.indexOf(padding);
}

export function activationCode(activation: Activation): number {
  return activations.indexOf(activation);
}
