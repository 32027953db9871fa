/** The kernels of the larger cores against TensorFlow Lite Micro: in their portable form, and on their core in QEMU. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { orThrow } from '../../src-main/base/errors.ts';
import type { BoardDescriptor } from '../../src-main/board/board.ts';
import { host } from '../../src-main/board/host.ts';
import { qemuBoards } from '../../src-main/board/qemu.ts';
import { compile } from '../../src-main/compile/compile.ts';
import { kernelRecord } from '../../src-main/compile/kernels.ts';
import type { Program } from '../../src-main/compile/program.ts';
import { openTwin } from '../../src-main/engine/twin.ts';
import { readModel } from '../../src-main/model/reader.ts';
import { describeWith, root } from '../needs.ts';
import { crcOfOutputs, runBatch } from '../qemu/batch.ts';
import { buildsFor } from '../qemu/needs.ts';
import { unpackGolden, type GoldenCase } from './golden-file.ts';
import { goldenSpecs } from './specs.ts';

const cases = Object.keys(goldenSpecs).flatMap(
  (name) => unpackGolden(readFileSync(join(root, `test/golden/${name}.bin`))).cases,
);
const graphs = cases.map((c) => orThrow(readModel(c.model, c.name)));

function programsFor(board: BoardDescriptor): Program[] {
  return graphs.map((graph) => orThrow(compile(graph, board)));
}

/** Another input set on each board and for each graph, so that all of them are used; states begin with the first. */
function setOf(golden: GoldenCase, i: number, program: Program) {
  return golden.sets[program.header.stateCount > 0 ? 0 : i % golden.sets.length]!;
}

function usedKernels(programs: readonly Program[]): string[] {
  const ids = new Set(programs.flatMap((p) => p.ops.map((o) => o.kernel)));
  return [...ids].filter((id) => id >= 256).map((id) => kernelRecord(id)!.name);
}

/** Kernels of each core that the golden graphs reach; every one of the folder, or the vectors do not guard it. */
const expected: Readonly<Record<string, readonly string[]>> = {
  'mps2-an386': ['conv_m4', 'dense_m4', 'depthwise_m4'],
  'mps2-an500': ['conv_m4', 'dense_m4', 'depthwise_m4'],
  'mps3-an547': ['conv_mve', 'depthwise_mve', 'add_mve', 'average_pool_mve'],
  host: ['conv_wasm', 'depthwise_wasm'],
  'rv32-virt': ['conv_rv32', 'lanes_rv32', 'depthwise_rv32'],
};

describe.each([...qemuBoards, host].map((b) => [b.id, b] as const))(
  'golden graphs compiled for %s',
  (id, board) => {
    const programs = programsFor(board);

    it('use every kernel made for its core', () => {
      expect(usedKernels(programs)).toEqual(expect.arrayContaining([...expected[id]!]));
    });

    it('give TFLM’s outputs in the host twin', async () => {
      const differing: string[] = [];
      for (const [i, golden] of cases.entries()) {
        await using twin = orThrow(await openTwin(programs[i]!.bytes));
        const set = setOf(golden, i + 1, programs[i]!);
        const outputs = orThrow(twin.infer(set.inputs));
        if (crcOfOutputs(outputs) !== crcOfOutputs(set.outputs)) differing.push(golden.name);
      }
      expect(differing).toEqual([]);
    });

    if (board === host) return;
    describeWith(buildsFor(board), 'on the board itself', () => {
      it('give TFLM’s outputs and write nothing beside the arena', async () => {
        const results = await runBatch(
          board,
          cases.map((golden, i) => ({
            program: programs[i]!.bytes,
            inputs: setOf(golden, i, programs[i]!).inputs,
          })),
        );
        const differing = cases.filter((golden, i) => {
          const { status, crc, guardsHold } = results[i]!;
          return status !== 0 || !guardsHold || crc !== crcOfOutputs(setOf(golden, i, programs[i]!).outputs);
        });
        expect(differing.map((golden) => golden.name)).toEqual([]);
      });
    });
  },
);
