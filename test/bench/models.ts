/** The models that benchmarks measure: ours always, the MLPerf Tiny reference models where they are. */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { orThrow } from '../../src-main/base/errors.ts';
import { Rng } from '../../src-main/base/rng.ts';
import { pico } from '../../src-main/board/pico.ts';
import { compile } from '../../src-main/compile/compile.ts';
import type { Program } from '../../src-main/compile/program.ts';
import { readModel } from '../../src-main/model/reader.ts';
import { root, sharedDir } from '../needs.ts';

export interface BenchModel {
  /** `kws01`. */
  readonly name: string;
  readonly program: Program;
  /** One random input. */
  readonly inputs: readonly Uint8Array[];
}

/** Of every model, with its name. */
export function benchModelPaths(): { readonly name: string; readonly path: string }[] {
  const folders = [join(root, 'models'), ...(sharedDir === null ? [] : [join(sharedDir, 'data/models')])];
  const paths = folders
    .filter((folder) => existsSync(folder))
    .flatMap((folder) => readdirSync(folder).map((file) => join(folder, file)))
    .filter((path) => path.endsWith('.tflite'));
  return paths.map((path) => ({ name: basename(path, '.tflite').replace(/_int8$/, ''), path }));
}

export function benchModels(): BenchModel[] {
  return benchModelPaths().map(({ name, path }) => {
    const program = orThrow(compile(orThrow(readModel(readFileSync(path), name)), pico));
    const rng = new Rng(1);
    return { name, program, inputs: program.inputs.map((t) => rng.bytes(program.tensors[t]!.bytes)) };
  });
}
