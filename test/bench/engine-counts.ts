/**
 * What every layer of a model costs on every core: cycles on the emulated Pico, with and without waits for the flash,
 * and instructions on the boards in QEMU. Deterministic but for a few instructions, so versions may be compared.
 */
import { readFileSync } from 'node:fs';
import { orThrow } from '../../src-main/base/errors.ts';
import { Rng } from '../../src-main/base/rng.ts';
import type { BoardDescriptor } from '../../src-main/board/board.ts';
import { pico } from '../../src-main/board/pico.ts';
import { qemuBoards } from '../../src-main/board/qemu.ts';
import { compile } from '../../src-main/compile/compile.ts';
import { buildImage } from '../../src-main/compile/image.ts';
import { kernelRecord } from '../../src-main/compile/kernels.ts';
import { loadPrebuilt } from '../../src-main/compile/prebuilt.ts';
import type { Program } from '../../src-main/compile/program.ts';
import { deployImage } from '../../src-main/core/deploy-image.ts';
import { ownHarness } from '../../src-main/core/prepare.ts';
import { readModel } from '../../src-main/model/reader.ts';
import { openSimulatedBench } from '../../src-main/sim/simulated-bench.ts';
import { runBatch } from '../qemu/batch.ts';

export interface LayerCount {
  readonly kernel: string;
  readonly operator: string;
  readonly macs: number;
  readonly count: number;
  /** Of the arena, while it runs. */
  readonly scratchBytes: number;
}

export interface NetworkCount {
  readonly unit: 'cycles' | 'instructions';
  readonly layers: readonly LayerCount[];
  readonly total: number;
  readonly macs: number;
  /** The Program: constants, parameters, tables. */
  readonly programBytes: number;
  readonly arenaBytes: number;
}

/** `pico` twice: without waits for memory, and with its XIP cache. */
export const coreKeys = ['pico-zero-wait', 'pico-xip', ...qemuBoards.map((b) => b.id)] as const;
export type CoreKey = (typeof coreKeys)[number];

export function boardOf(core: CoreKey): BoardDescriptor {
  return qemuBoards.find((b) => b.id === core) ?? pico;
}

function counted(unit: NetworkCount['unit'], program: Program, counts: readonly number[]): NetworkCount {
  return {
    unit,
    layers: program.ops.map((op, i) => ({
      kernel: kernelRecord(op.kernel)!.name,
      operator: op.name,
      macs: op.macs,
      count: counts[i]!,
      scratchBytes: op.scratchBytes,
    })),
    total: counts.reduce((a, b) => a + b, 0),
    macs: program.header.macs,
    programBytes: program.bytes.length,
    arenaBytes: program.header.arenaBytes,
  };
}

function randomInputs(program: Program): Uint8Array[] {
  const rng = new Rng(1);
  return program.inputs.map((t) => rng.bytes(program.tensors[t]!.bytes));
}

async function onQemu(board: BoardDescriptor, program: Program): Promise<NetworkCount> {
  const [result] = await runBatch(board, [{ program: program.bytes, inputs: randomInputs(program) }]);
  if (result!.status !== 0) throw new Error(`${board.id}: status ${result!.status}`);
  return counted('instructions', program, result!.opInstructions);
}

/** The second of two profiled inferences: the first finds the cache cold. */
async function onPico(program: Program, zeroWait: boolean): Promise<NetworkCount> {
  const { firmware, kernels } = orThrow(loadPrebuilt(pico));
  const image = orThrow(buildImage({ board: pico, firmware, kernels, program, config: ownHarness('bench') }));
  await using bench = orThrow(
    await openSimulatedBench({ seed: 1, monitor: 'none', ...(zeroWait ? { zeroWait: true } : {}) }),
  );
  await using session = orThrow(await deployImage(bench, image));
  orThrow(await session.loadInput(Buffer.concat(randomInputs(program))));
  orThrow(await session.mj!.profile());
  const { ops } = orThrow(await session.mj!.profile());
  return counted(
    'cycles',
    program,
    ops.map((o) => o.cycles),
  );
}

/** Null where the core's board has not the memory for the model. */
export async function countModel(path: string, name: string, core: CoreKey): Promise<NetworkCount | null> {
  const board = boardOf(core);
  const program = compile(orThrow(readModel(readFileSync(path), name)), board);
  if (!program.ok) return null;
  return board === pico ? onPico(program.value, core === 'pico-zero-wait') : onQemu(board, program.value);
}
