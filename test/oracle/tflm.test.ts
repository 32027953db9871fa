import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { orThrow } from '../../src-main/base/errors.ts';
import { Rng } from '../../src-main/base/rng.ts';
import { pico } from '../../src-main/board/pico.ts';
import { compile } from '../../src-main/compile/compile.ts';
import { openTwin } from '../../src-main/engine/twin.ts';
import { operatorTable } from '../../src-main/model/operator-table.ts';
import { readModel } from '../../src-main/model/reader.ts';
import { writeModel } from '../../src-main/model/writer.ts';
import { inputSets } from '../golden/input-sets.ts';
import { describeWith, needs, python, root, sharedDir } from '../needs.ts';
import { runTflm } from './tflm.ts';

const INPUTS = 22;
const SEED = 20240;

/** Names of the models whose outputs differ anywhere from TFLM's; all go through one Python process. */
async function differing(
  models: readonly (readonly [string, Uint8Array])[],
  sets: number,
): Promise<string[]> {
  const rng = new Rng(SEED);
  const prepared = models.map(([name, model]) => {
    const program = orThrow(compile(orThrow(readModel(model, name)), pico));
    const inputs = program.inputs.map((t) => program.tensors[t]!);
    const step = program.tensors[program.outputs[0]!]!.scale || 1;
    return { name, model, program, sets: inputSets(inputs, sets, rng, step) };
  });
  const { replies } = runTflm(
    python!,
    prepared.map((p) => ({ model: p.model, outputCount: p.program.outputs.length, sets: p.sets })),
  );
  const found: string[] = [];
  for (const [i, p] of prepared.entries()) {
    const reply = replies[i]!;
    if (!reply.ok) throw new Error(`${p.name}: ${reply.error}`);
    await using twin = orThrow(await openTwin(p.program.bytes));
    const equal = p.sets.every((set, s) =>
      orThrow(twin.inferNext(set)).every((bytes, o) => Buffer.compare(bytes, reply.outputs[s]![o]!) === 0),
    );
    if (!equal) found.push(p.name);
  }
  return found;
}

function modelsIn(folder: string): [string, Uint8Array][] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name.endsWith('.tflite'))
    .map((name) => [name, readFileSync(join(folder, name))]);
}

describeWith(
  [needs.python, needs.shared],
  'host twin against live TFLM: MLPerf Tiny reference models',
  () => {
    it.each(['ad01', 'ic01', 'kws01', 'vww01'])(
      `%s is bit-exact on ${INPUTS} random and extreme inputs`,
      async (name) => {
        const model = readFileSync(join(sharedDir!, `data/models/${name}_int8.tflite`));
        expect(await differing([[name, model]], INPUTS)).toEqual([]);
      },
    );
  },
);

describeWith([needs.python], 'host twin against live TFLM: our own models', () => {
  it(`every model of models/ is bit-exact on ${INPUTS} random and extreme inputs`, async () => {
    const models = modelsIn(join(root, 'models'));
    expect(models.length).toBeGreaterThan(0);
    expect(await differing(models, INPUTS)).toEqual([]);
  });

  it('fresh random layers of every operator are bit-exact', async () => {
    const rng = new Rng(SEED);
    const models = operatorTable.flatMap((record) =>
      Array.from({ length: 12 }, (_, i): [string, Uint8Array] => [
        `${record.name} ${i}`,
        writeModel(record.generate(rng)),
      ]),
    );
    expect(await differing(models, 6)).toEqual([]);
  });
});
