/** Fictional kernels for one operator: what the compiler takes under which limit. */
import { describe, expect, it } from 'vitest';
import type { Kernel } from '../../../src-main/abi/generated.ts';
import { orThrow } from '../../../src-main/base/errors.ts';
import type { BoardDescriptor } from '../../../src-main/board/board.ts';
import { pico } from '../../../src-main/board/pico.ts';
import { compileExplained, type CompileOptions } from '../../../src-main/compile/compile.ts';
import type { KernelRecord } from '../../../src-main/compile/kernel-record.ts';
import { fullyConnectedS8 } from '../../../src-main/compile/kernels/fully-connected-s8.ts';
import type { ModelSpec, TensorSpec } from '../../../src-main/model/model-spec.ts';
import { readModel } from '../../../src-main/model/reader.ts';
import { writeModel } from '../../../src-main/model/writer.ts';
import { Rng } from '../../../src-main/base/rng.ts';

const UNITS = 64;

/** `layers` dense layers of 64 × 64, one behind the other. */
function stack(layers: number): ModelSpec {
  const rng = new Rng(layers);
  const activation = (i: number): TensorSpec => ({
    name: `a${i}`,
    type: 'int8',
    shape: [1, UNITS],
    quantization: { scales: [0.05], zeroPoints: [0] },
  });
  const weights = (i: number): TensorSpec => ({
    name: `w${i}`,
    type: 'int8',
    shape: [UNITS, UNITS],
    quantization: { scales: [0.003], zeroPoints: [0] },
    data: Int8Array.from({ length: UNITS * UNITS }, () => rng.int(-127, 127)),
  });
  const each = Array.from({ length: layers }, (_, i) => i);
  return {
    name: 'stack',
    tensors: [...each.map(activation), activation(layers), ...each.map(weights)],
    ops: each.map((i) => ({
      name: 'FULLY_CONNECTED',
      attributes: { kind: 'fullyConnected', activation: 'none', keepNumDims: false },
      inputs: [i, layers + 1 + i],
      outputs: [i + 1],
    })),
    inputs: [0],
    outputs: [layers],
  };
}

interface Fictional {
  readonly kernel: number;
  readonly cycles: number;
  /** Packed constants. */
  readonly bytes: number;
  readonly scratchBytes?: number;
  readonly cores?: KernelRecord['cores'];
  readonly why?: string;
}

let salt = 0;

function record({ kernel, cycles, bytes, scratchBytes, cores, why }: Fictional): KernelRecord {
  return {
    ...fullyConnectedS8,
    kernel: kernel as Kernel,
    name: `fiction_${kernel}`,
    cores: cores ?? ['m0plus'],
    applies: () => why ?? true,
    lower: (view) => {
      const weights = new Uint8Array(bytes).fill(kernel);
      // no two layers share their constants
      new DataView(weights.buffer).setUint32(0, salt++);
      return {
        ...fullyConnectedS8.lower(view),
        constants: { weights },
        scratchBytes: scratchBytes ?? 0,
        cycles,
      };
    },
  };
}

const general = record({ kernel: 3, cycles: 40_000, bytes: 4096, cores: 'all' });
const fast = record({ kernel: 300, cycles: 8_000, bytes: 9216 });
const compact = record({ kernel: 301, cycles: 15_000, bytes: 4096 });
const roomy = record({ kernel: 302, cycles: 6_000, bytes: 9216, scratchBytes: 4096 });
const foreign = record({ kernel: 320, cycles: 1, bytes: 16, cores: ['m4f'] });
const unproven = record({ kernel: 303, cycles: 2, bytes: 16, why: 'lanes overflow' });
const kernels = [general, fast, compact, foreign, unproven];

/** Flash that no cache hides, so that only the limits decide. */
const plain: BoardDescriptor = {
  ...pico,
  flash: { base: pico.flash.base, bytes: pico.flash.bytes, eraseBytes: 4096 },
};
const withFlash = (bytes: number): BoardDescriptor => ({
  ...plain,
  flash: { ...plain.flash, bytes: plain.image.programOffset + bytes },
});
const withRam = (arenaBytes: number, board = plain): BoardDescriptor => ({
  ...board,
  image: { ...board.image, arenaBytes },
});

function explained(layers: number, board: BoardDescriptor, options: CompileOptions = {}) {
  const graph = orThrow(readModel(writeModel(stack(layers)), 'stack'));
  const { program, choice } = orThrow(compileExplained(graph, board, { kernels, ...options }));
  return {
    program,
    choice,
    kernels: program.ops.map((op) => op.kernel),
    decidedBy: choice.layers.map((l) => l.decidedBy),
  };
}
const count = (all: readonly number[], kernel: number) => all.filter((k) => k === kernel).length;

describe('the choice of kernels', () => {
  it('takes the fastest that applies; what does not apply says why, other cores are not asked', () => {
    const { kernels: taken, choice, decidedBy } = explained(4, plain);
    expect(taken).toEqual([300, 300, 300, 300]);
    expect(decidedBy).toEqual(['cycles', 'cycles', 'cycles', 'cycles']);
    expect(choice.layers[0]!.refused).toEqual([{ record: unproven, why: 'lanes overflow' }]);
    expect(choice.layers[0]!.options.map((o) => o.candidate.record.kernel)).toEqual([3, 300, 301]);
    expect(choice.cycles).toBe(32_000);
    expect(choice.boundCycles).toBe(32_000);
  });

  it('general takes the portable one', () => {
    expect(explained(2, plain, { choice: 'general' }).kernels).toEqual([3, 3]);
  });

  it('compact keeps the constants within 1.1 times those of the general kernels', () => {
    const { kernels: taken, program, decidedBy } = explained(4, plain, { choice: 'compact' });
    expect(taken).toEqual([301, 301, 301, 301]);
    expect(decidedBy[0]).toBe('compact');
    expect(program.header.constsBytes).toBeLessThanOrEqual(1.1 * 4 * 4096);
    // twenty layers leave room for one that is packed wide: 20 · 0.1 · 4160 bytes
    const many = explained(20, plain, { choice: 'compact' });
    expect(count(many.kernels, 300)).toBe(1);
    expect(count(many.kernels, 301)).toBe(19);
  });

  it('takes the compact kernel for as many layers as flash makes necessary, and not for more', () => {
    // tables are taken as 256 + 64 a tensor + 160 an operator
    const tables = 256 + 64 * 13 + 160 * 6;
    const room = tables + 4 * (9216 + 64) + 2 * (4096 + 64);
    const { kernels: taken, decidedBy, program } = explained(6, withFlash(room));
    expect(count(taken, 300)).toBe(4);
    expect(count(taken, 301)).toBe(2);
    expect(decidedBy.filter((d) => d === 'flash')).toHaveLength(2);
    expect(program.bytes.length).toBeLessThanOrEqual(room);
    expect(count(explained(6, withFlash(room - 16)).kernels, 300)).toBe(3);
  });

  it('counts the code of a kernel once, and drops one that does not pay for its code', () => {
    const tables = 256 + 64 * 5 + 160 * 2;
    const code = new Map([
      [3, 1024],
      [300, 6000],
      [301, 1024],
    ]);
    const room = tables + 2 * (9216 + 64) + 6000;
    expect(explained(2, withFlash(room), { code }).kernels).toEqual([300, 300]);
    // one layer of each pays for both codes while there is room for them
    const mixed = tables + 9216 + 4096 + 2 * 64 + 6000 + 1024;
    expect(explained(2, withFlash(room - 16), { code }).kernels.sort()).toEqual([300, 301]);
    expect(explained(2, withFlash(mixed), { code }).kernels.sort()).toEqual([300, 301]);
    expect(explained(2, withFlash(mixed - 16), { code }).kernels).toEqual([301, 301]);
  });

  it('takes no kernel that was not built for the board', () => {
    const { kernels: taken, choice } = explained(1, plain, { code: new Map([[3, 100]]) });
    expect(taken).toEqual([3]);
    expect(choice.layers[0]!.refused.map((r) => r.why)).toEqual([
      'lanes overflow',
      'not built for this board',
      'not built for this board',
    ]);
  });

  it('takes no scratch that RAM does not have', () => {
    // what an interpreter would keep there is the least that fast kernels may take
    expect(explained(2, plain, { kernels: [...kernels, roomy] })).toMatchObject({
      kernels: [300, 300],
      decidedBy: ['arena', 'arena'],
    });
    const small = record({ kernel: 302, cycles: 6_000, bytes: 9216, scratchBytes: 160 });
    const all = { kernels: [...kernels, small] };
    expect(explained(2, plain, all).kernels).toEqual([302, 302]);
    const { kernels: taken, decidedBy } = explained(2, withRam(160 + 3 * 64 - 16), all);
    expect(taken).toContain(300);
    expect(decidedBy).toContain('ram');
    expect(explained(2, withRam(3 * 64), all).kernels).toEqual([300, 300]);
  });

  it('still makes a Program where nothing fits, so that the refusal names its size', () => {
    const graph = orThrow(readModel(writeModel(stack(4)), 'stack'));
    expect(compileExplained(graph, withFlash(4096), { kernels })).toMatchObject({
      ok: false,
      id: 'compile.flash-too-small',
    });
  });
});

describe('constants behind a cache', () => {
  it('stay where they are when all of them fit it', () => {
    const { program } = explained(1, pico);
    expect(program.copies).toEqual([]);
    expect(program.plan.copiedBytes).toBe(0);
  });

  it('are copied where that saves waits and RAM allows, as many as it allows', () => {
    const all = explained(4, pico);
    expect(all.choice.layers.every((l) => l.chosen.inRam)).toBe(true);
    expect(all.program.plan.copiedBytes).toBe(4 * 9216);
    expect(all.program.ops.every((op) => op.estimate!.sweptBytes === 0)).toBe(true);
    const { arenaBytes } = all.program.plan;
    const two = explained(4, withRam(arenaBytes + 2 * 9216, pico), { kernels: [general, fast] });
    expect(two.choice.layers.filter((l) => l.chosen.inRam)).toHaveLength(2);
    expect(two.decidedBy.filter((d) => d === 'ram')).toHaveLength(2);
    expect(two.program.header.arenaBytes).toBeLessThanOrEqual(arenaBytes + 2 * 9216);
  });

  it('are not copied in a Program for upload', () => {
    expect(explained(4, pico, { copies: false }).program.copies).toEqual([]);
  });

  it('one content has one copy', () => {
    const same: KernelRecord = {
      ...fast,
      lower: (view) => ({ ...fast.lower(view), constants: { weights: new Uint8Array(9216).fill(1) } }),
    };
    const { program } = explained(4, pico, { kernels: [general, same] });
    expect(program.copies).toHaveLength(1);
    expect(program.plan.copiedBytes).toBe(9216);
  });
});
