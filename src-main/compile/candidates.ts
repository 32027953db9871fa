import { BugError } from '../base/errors.ts';
import type { BoardDescriptor } from '../board/board.ts';
import type { KernelChoice } from '../contract/index.ts';
import type { OpWork } from '../model/graph-check.ts';
import type { OpView } from '../model/op-view.ts';
import type { KernelRecord, Lowered } from './kernel-record.ts';
import { kernelRecords } from './kernels.ts';

/** A kernel that could compute an operator, with what it would take. */
export interface Candidate {
  readonly record: KernelRecord;
  readonly lowered: Lowered;
  /** Without waits for memory. */
  readonly cycles: number;
}

/** A kernel that is made for this operator and core but cannot do this layer. */
export interface Refused {
  readonly record: KernelRecord;
  readonly why: string;
}

export interface Candidates {
  readonly able: readonly Candidate[];
  readonly refused: readonly Refused[];
}

function isFor(record: KernelRecord, view: OpView, board: BoardDescriptor, choice: KernelChoice): boolean {
  if (record.builtin !== view.op.builtin) return false;
  const types = record.inputTypes ?? (record.cores === 'all' ? null : ['int8']);
  if (types && !types.includes(view.inputs[0]?.type ?? 'int8')) return false;
  return record.cores === 'all' || (choice !== 'general' && record.cores.includes(board.core.id));
}

/** Every kernel of the operator for this board's core, and whether it can do this layer. */
export function candidatesOf(
  view: OpView,
  work: OpWork,
  board: BoardDescriptor,
  records: readonly KernelRecord[] = kernelRecords,
  choice: KernelChoice = 'fast',
): Candidates {
  const able: Candidate[] = [];
  const refused: Refused[] = [];
  for (const record of records) {
    if (!isFor(record, view, board, choice)) continue;
    const verdict = record.applies(view, board);
    if (verdict !== true) {
      refused.push({ record, why: verdict });
      continue;
    }
    const lowered = record.lower(view);
    able.push({ record, lowered, cycles: lowered.cycles ?? record.cost(work, view, board.core.id) });
  }
  if (able.length === 0) throw new BugError(`no kernel for ${view.op.name}`);
  return { able, refused };
}
