/**
 * `npm run golden`: makes test/golden/*.bin, TFLM's outputs for the graphs of test/golden/specs.ts, and
 * data/tflm-checks.json, the record of the models whose Programs were compared with TFLM as a whole. Needs the Python
 * with PyPI's tflite-micro (npm run setup:system). Refuses to write anything when an output differs.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { orThrow } from '../src-main/base/errors.ts';
import { Rng } from '../src-main/base/rng.ts';
import { host } from '../src-main/board/host.ts';
import { pico } from '../src-main/board/pico.ts';
import { qemuBoards } from '../src-main/board/qemu.ts';
import { compile } from '../src-main/compile/compile.ts';
import type { Program } from '../src-main/compile/program.ts';
import { KernelChoice } from '../src-main/contract/index.ts';
import { TFLM_CHECKS_FILE, type TflmCheck, type TflmChecks } from '../src-main/engine/tflm-record.ts';
import { openTwin } from '../src-main/engine/twin.ts';
import { readModel } from '../src-main/model/reader.ts';
import { writeModel } from '../src-main/model/writer.ts';
import { packGolden, type GoldenCase } from '../test/golden/golden-file.ts';
import { inputSets } from '../test/golden/input-sets.ts';
import { goldenSpecs, type NamedSpec } from '../test/golden/specs.ts';
import { python, root, sharedDir } from '../test/needs.ts';
import { runTflm, type TflmRequest } from '../test/oracle/tflm.ts';

const SETS_PER_GRAPH = 7;
/** One wrong bit of SOFTMAX's fixed point shows in few int8 outputs, so it gets more of them. */
const SETS_PER_SOFTMAX = 60;
const SETS_PER_MODEL = 24;

interface Prepared {
  readonly name: string;
  readonly model: Uint8Array;
  readonly modelSha256: string;
  /** For the Pico, one a choice of kernels where they differ; the fast one first. */
  readonly programs: readonly [Program, ...Program[]];
  readonly sets: readonly (readonly Uint8Array[])[];
}

function prepare(name: string, model: Uint8Array, sets: number, seed: number): Prepared {
  const graph = orThrow(readModel(model, name));
  const made = KernelChoice.options.map((choice) => orThrow(compile(graph, pico, { choice })));
  const programs = [...new Map(made.map((p) => [p.programHash, p])).values()] as [Program, ...Program[]];
  const [program] = programs;
  const step = program.tensors[program.outputs[0]!]!.scale || 1;
  const inputs = program.inputs.map((t) => program.tensors[t]!);
  return {
    name,
    model,
    modelSha256: graph.sha256,
    programs,
    sets: inputSets(inputs, sets, new Rng(seed), step),
  };
}

const request = (p: Prepared): TflmRequest => ({
  model: p.model,
  outputCount: p.programs[0].outputs.length,
  sets: p.sets,
});

/** TFLM's outputs and the engine's; throws where they differ. */
async function compare(
  python: string,
  prepared: readonly Prepared[],
): Promise<{ version: string; outputs: (readonly (readonly Uint8Array[])[])[] }> {
  const { version, replies } = runTflm(python, prepared.map(request));
  const differing: string[] = [];
  const outputs: (readonly (readonly Uint8Array[])[])[] = [];
  for (const [i, p] of prepared.entries()) {
    const reply = replies[i]!;
    if (!reply.ok) throw new Error(`${p.name}: TFLM refuses it: ${reply.error}`);
    for (const program of p.programs) {
      await using twin = orThrow(await openTwin(program.bytes));
      const equal = p.sets.every((set, s) =>
        orThrow(twin.inferNext(set)).every((bytes, o) => Buffer.compare(bytes, reply.outputs[s]![o]!) === 0),
      );
      if (!equal) differing.push(`${p.name} (Program ${program.programHash})`);
    }
    outputs.push(reply.outputs);
  }
  if (differing.length > 0) throw new Error(`the engine differs from TFLM: ${differing.join('; ')}`);
  return { version, outputs };
}

async function makeGolden(python: string, file: string, specs: readonly NamedSpec[]): Promise<Uint8Array> {
  const sets = file === 'softmax' ? SETS_PER_SOFTMAX : SETS_PER_GRAPH;
  const prepared = specs.map(({ name, spec }, i) =>
    prepare(`${file}: ${name}`, writeModel(spec), sets, i + 1),
  );
  const { version, outputs } = await compare(python, prepared);
  const cases = prepared.map((p, i): GoldenCase => ({
    name: specs[i]!.name,
    model: p.model,
    sets: p.sets.map((inputs, s) => ({ inputs, outputs: outputs[i]![s]! })),
  }));
  console.log(`${file}: ${cases.length} graphs equal`);
  return packGolden({ tflmVersion: version, cases });
}

/** The reference models where they are, and our own. */
function wholeModels(): { name: string; path: string }[] {
  const folders = [sharedDir === null ? null : join(sharedDir, 'data/models'), join(root, 'models')];
  return folders
    .filter((folder): folder is string => folder !== null && existsSync(folder))
    .flatMap((folder) =>
      readdirSync(folder)
        .filter((f) => f.endsWith('.tflite'))
        .sort()
        .map((f) => join(folder, f)),
    )
    .map((path) => ({ name: basename(path, '.tflite'), path }));
}

/** The same model compiled for the other boards' cores, on the same inputs: hashes of the Programs that are equal to TFLM. */
async function otherCores(p: Prepared, outputs: readonly (readonly Uint8Array[])[]): Promise<string[]> {
  const graph = orThrow(readModel(p.model, p.name));
  const hashes: string[] = [];
  for (const board of [...qemuBoards, host]) {
    const program = orThrow(compile(graph, board));
    await using twin = orThrow(await openTwin(program.bytes));
    const equal = p.sets.every((set, s) =>
      orThrow(twin.infer(set)).every((bytes, o) => Buffer.compare(bytes, outputs[s]![o]!) === 0),
    );
    if (!equal) throw new Error(`${p.name} for ${board.id} differs from TFLM`);
    hashes.push(program.programHash);
  }
  return hashes;
}

async function checkModels(python: string): Promise<TflmChecks> {
  const prepared = wholeModels().map(({ name, path }) =>
    prepare(name, readFileSync(path), SETS_PER_MODEL, 1),
  );
  const { version, outputs } = await compare(python, prepared);
  const checks: TflmCheck[] = [];
  for (const [i, p] of prepared.entries()) {
    const hashes = [...p.programs.map((x) => x.programHash), ...(await otherCores(p, outputs[i]!))];
    for (const programHash of new Set(hashes))
      checks.push({
        model: p.name,
        modelSha256: p.modelSha256,
        programHash,
        inputs: outputs[i]!.length,
      });
  }
  for (const c of checks) console.log(`${c.model}: Program ${c.programHash} equal on ${c.inputs} inputs`);
  const engineSha256 = createHash('sha256')
    .update(readFileSync(join(root, 'src-main/engine/engine.wasm')))
    .digest('hex');
  return { tflmVersion: version, engineSha256, checks };
}

/** Records of models that are not on this machine stay, when they were made with the same engine and TFLM. */
function merged(fresh: TflmChecks): TflmChecks {
  const file = join(root, TFLM_CHECKS_FILE);
  if (!existsSync(file)) return fresh;
  const old = JSON.parse(readFileSync(file, 'utf8')) as TflmChecks;
  if (old.engineSha256 !== fresh.engineSha256 || old.tflmVersion !== fresh.tflmVersion) return fresh;
  const known = new Set(fresh.checks.map((c) => c.modelSha256));
  return { ...fresh, checks: [...fresh.checks, ...old.checks.filter((c) => !known.has(c.modelSha256))] };
}

async function main(): Promise<void> {
  if (python === null) throw new Error('no Python with tflite-micro: npm run setup:system');
  const files = new Map<string, Uint8Array>();
  for (const [file, specs] of Object.entries(goldenSpecs))
    files.set(file, await makeGolden(python, file, specs));
  const checks = merged(await checkModels(python));
  for (const [file, bytes] of files) writeFileSync(join(root, `test/golden/${file}.bin`), bytes);
  mkdirSync(join(root, 'data'), { recursive: true });
  writeFileSync(join(root, TFLM_CHECKS_FILE), `${JSON.stringify(checks, null, 2)}\n`);
}

await main();
