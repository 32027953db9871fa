import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Status } from '../../../src-main/abi/generated.ts';
import { orThrow } from '../../../src-main/base/errors.ts';
import { Rng } from '../../../src-main/base/rng.ts';
import { pico } from '../../../src-main/board/pico.ts';
import { compile } from '../../../src-main/compile/compile.ts';
import type { Program } from '../../../src-main/compile/program.ts';
import { readModel } from '../../../src-main/model/reader.ts';
import { unpackGolden, type GoldenCase } from '../../golden/golden-file.ts';
import { goldenSpecs } from '../../golden/specs.ts';
import { describeWith, needs, root } from '../../needs.ts';
import { mutated } from './mutations.ts';
import { NativeEngine, type NativeRequest } from './native-engine.ts';

function goldenCases(): GoldenCase[] {
  return Object.keys(goldenSpecs).flatMap(
    (name) => unpackGolden(readFileSync(join(root, `test/golden/${name}.bin`))).cases,
  );
}

function programOf(golden: GoldenCase): Program {
  return orThrow(compile(orThrow(readModel(golden.model, golden.name)), pico));
}

const sum = (tensors: readonly Uint8Array[]): number => tensors.reduce((n, t) => n + t.length, 0);

function requestOf(golden: GoldenCase): NativeRequest {
  const program = programOf(golden);
  return {
    program: program.bytes,
    arenaBytes: program.header.arenaBytes,
    sets: golden.sets.map((set) => Buffer.concat(set.inputs)),
    outputBytes: sum(golden.sets[0]!.outputs),
  };
}

function differing(engine: NativeEngine, cases: readonly GoldenCase[]): string[] {
  const replies = engine.run(cases.map(requestOf));
  const equal = (golden: GoldenCase, i: number): boolean =>
    golden.sets.every((set, s) =>
      Buffer.concat(set.outputs).equals(replies[i]!.runs[s]?.outputs ?? Buffer.alloc(0)),
    );
  return cases.filter((golden, i) => !equal(golden, i)).map((golden) => golden.name);
}

/** Fields of every operator, `count` Programs in all; one set of inputs each. */
function mutants(cases: readonly GoldenCase[], count: number, seed: number): NativeRequest[] {
  const rng = new Rng(seed);
  const programs = cases.map((golden) => ({ golden, program: programOf(golden) }));
  return Array.from({ length: count }, () => {
    const { golden, program } = rng.pick(programs);
    return {
      program: mutated(program, rng),
      arenaBytes: program.header.arenaBytes,
      sets: [Buffer.concat(golden.sets[0]!.inputs)],
      outputBytes: sum(golden.sets[0]!.outputs),
    };
  });
}

describeWith([needs.hostCc], 'the engine under the address and undefined-behaviour sanitizers', () => {
  const cases = goldenCases();
  let wide: NativeEngine;
  let narrow: NativeEngine;

  beforeAll(() => {
    wide = new NativeEngine();
    narrow = new NativeEngine(['-DMJ_NARROW_MULTIPLY']);
  }, 60_000);

  afterAll(() => {
    wide[Symbol.dispose]();
    narrow[Symbol.dispose]();
  });

  it('gives TFLM’s outputs for every golden vector', () => {
    expect(differing(wide, cases)).toEqual([]);
  });

  it('gives them also with the 16-bit multiplications of a Cortex-M0+', () => {
    expect(differing(narrow, cases)).toEqual([]);
  });

  it('survives 10 000 mutated Programs: refused or run, never out of bounds', { timeout: 60_000 }, () => {
    const requests = mutants(cases, 10_000, 1);
    const replies = wide.run(requests);
    const accepted = replies.filter((reply) => reply.opened === Status.Ok);
    const reasons = new Set(replies.map((reply) => reply.opened));
    // both happen, or the fuzzing would be too wild or too tame to reach the kernels
    expect(accepted.length).toBeGreaterThan(1000);
    expect(accepted.length).toBeLessThan(9000);
    expect(accepted.every((reply) => reply.runs.every((run) => run.status === Status.Ok))).toBe(true);
    const { BadCrc, BadLayout, BadParams, UnknownKernel, ArenaTooSmall } = Status;
    for (const reason of [BadCrc, BadLayout, BadParams, UnknownKernel, ArenaTooSmall]) {
      expect(reasons).toContain(reason);
    }
  });

  it('reads nothing behind a Program that was cut anywhere', () => {
    const [golden] = cases;
    const whole = requestOf(golden!);
    const cuts = Array.from({ length: whole.program.length / 4 }, (_, i) => ({
      ...whole,
      program: whole.program.slice(0, 4 * i),
    }));
    expect(wide.run(cuts).some((reply) => reply.opened === Status.Ok)).toBe(false);
  });
});
