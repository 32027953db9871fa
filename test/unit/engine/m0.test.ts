import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { orThrow } from '../../../src-main/base/errors.ts';
import { pico } from '../../../src-main/board/pico.ts';
import { compile } from '../../../src-main/compile/compile.ts';
import { readModel } from '../../../src-main/model/reader.ts';
import { buildM0Engine, runOnM0 } from '../../bench/m0-engine.ts';
import { unpackGolden } from '../../golden/golden-file.ts';
import { goldenSpecs } from '../../golden/specs.ts';
import { describeWith, needs, root } from '../../needs.ts';

describeWith([needs.armGcc], 'the engine compiled for Cortex-M0+, in rp2040js', () => {
  it('gives TFLM’s outputs for an input of every golden graph', { timeout: 60_000 }, () => {
    const engine = buildM0Engine();
    const cases = Object.keys(goldenSpecs).flatMap(
      (name) => unpackGolden(readFileSync(join(root, `test/golden/${name}.bin`))).cases,
    );
    const differing = cases.filter((golden, i) => {
      const program = orThrow(compile(orThrow(readModel(golden.model, golden.name)), pico));
      // states begin anew, as for the first set
      const set = golden.sets[program.header.stateCount > 0 ? 0 : i % golden.sets.length]!;
      const { outputs } = runOnM0(engine, program, set.inputs);
      return !set.outputs.every((bytes, o) => Buffer.from(bytes).equals(outputs[o]!));
    });
    expect(differing.map((golden) => golden.name)).toEqual([]);
  });
});
