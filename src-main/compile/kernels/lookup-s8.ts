import { Kernel, LookupParamsBytes, writeLookupParams } from '../../abi/generated.ts';
import { outputOf, type OpView } from '../../model/op-view.ts';
import { elementCount } from '../../model/tensor-type.ts';
import type { KernelRecord } from '../kernel-record.ts';
import { lookupFunctions, type LookupOperator } from '../lookup-functions.ts';

/** The result for −128, −127, … 127. */
function tableOf(view: OpView, name: LookupOperator): Uint8Array {
  const of = lookupFunctions[name].make(view);
  return Uint8Array.from({ length: 256 }, (_, i) => of(i - 128) & 0xff);
}

/** Functions of one int8 element take a table of 256 bytes, whatever their arithmetic. */
function lookup(name: LookupOperator): KernelRecord {
  return {
    kernel: Kernel.LookupS8,
    name: 'lookup_s8',
    builtin: lookupFunctions[name].builtin,
    cores: 'all',
    applies: () => true,
    lower: (view) => ({
      paramsBytes: LookupParamsBytes,
      constants: { table: tableOf(view, name) },
      writeParams: (bytes, at, offset) =>
        writeLookupParams(bytes, at, {
          elements: elementCount(outputOf(view).shape),
          tableOffset: offset('table'),
          reserved: [],
        }),
      scratchBytes: 0,
    }),
    cost: (work) => 8 * work.outputs,
  };
}

export const lookupKernels: readonly KernelRecord[] = (Object.keys(lookupFunctions) as LookupOperator[]).map(
  lookup,
);
