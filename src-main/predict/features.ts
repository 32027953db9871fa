import { Kernel, type TensorRecord } from '../abi/generated.ts';
import type { ConstantReads } from '../compile/kernel-record.ts';
import type { PlannedOp, Program } from '../compile/program.ts';

/** What the first cost model knows of one operator. */
export interface OpFeatures {
  /** Position in the plan. */
  readonly index: number;
  readonly name: string;
  /** The kernel's name in the ABI: `Conv2dS8`. Costs are fitted per kernel. */
  readonly kernel: string;
  readonly macs: number;
  /** Elements the operator writes. */
  readonly outputs: number;
  /**
   * Bytes it reads and writes once: activations in and out, weights and other constants. For the kernels of one core: the
   * cycles the compiler counted when it packed the constants, on whose values their time depends.
   */
  readonly bytes: number;
}

const kernelNames = new Map<number, string>(Object.entries(Kernel).map(([name, id]) => [id, name]));

export function kernelName(id: number): string {
  return kernelNames.get(id) ?? `kernel-${id}`;
}

/** How an operator goes through the constants it has in flash; a Program without estimates says nothing of it. */
export function readsOf({ estimate, paramsBytes }: PlannedOp): ConstantReads {
  if (!estimate) return { bytes: 0, sweeps: 0, onceBytes: paramsBytes };
  return { bytes: estimate.sweptBytes, sweeps: estimate.sweeps, onceBytes: estimate.onceBytes };
}

/** Ids of the kernels for one core begin here (ADR 0012). */
const FIRST_OF_CORES = 256;

function countedCycles({ kernel, estimate }: PlannedOp): number | null {
  return kernel >= FIRST_OF_CORES && estimate ? estimate.cycles : null;
}

function elements(t: TensorRecord): number {
  return t.dims.reduce((n, d) => n * d, 1);
}

/** Features of every operator that costs time, in plan order. */
export function opFeatures(program: Program): OpFeatures[] {
  return program.ops.map((op, index) => {
    const inputs = op.inputs.filter((t) => t !== 0xffff).map((t) => program.tensors[t]!);
    const outputs = op.outputs.map((t) => program.tensors[t]!);
    return {
      index,
      name: op.name,
      kernel: kernelName(op.kernel),
      macs: op.macs,
      outputs: outputs.reduce((n, t) => n + elements(t), 0),
      bytes: countedCycles(op) ?? [...inputs, ...outputs].reduce((n, t) => n + t.bytes, 0),
    };
  });
}
