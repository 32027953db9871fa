import type { CopyRecord, OpEstimate, OpRecord, ProgramHeader, TensorRecord } from '../abi/generated.ts';

/** A compiled model: the blob of docs/program-format.md and its decoded tables. */
export interface Program {
  readonly bytes: Uint8Array;
  readonly header: ProgramHeader;
  readonly tensors: readonly TensorRecord[];
  readonly ops: readonly PlannedOp[];
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  /** Constants that are copied to the arena when the Program is opened. */
  readonly copies: readonly CopyRecord[];
  readonly modelName: string;
  /** CRC-32 of the blob's payload, 8 hex digits: what `mj id` prints as `program=`. */
  readonly programHash: string;
  readonly plan: ArenaPlan;
}

export interface PlannedOp extends OpRecord {
  readonly name: string;
  /** Null in a Program that was made without. */
  readonly estimate: OpEstimate | null;
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
}

/** What the Program asks of the device's RAM; `header.arenaBytes` is all of it. */
export interface ArenaPlan {
  /** Tensors and scratch. */
  readonly arenaBytes: number;
  /** The largest sum of live tensors and scratch at any operator: no plan can be below it. */
  readonly lowerBoundBytes: number;
  /** Constants copied from slower flash, behind them. */
  readonly copiedBytes: number;
}
