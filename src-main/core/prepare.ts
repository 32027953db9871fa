import { HarnessMode, InputEncoding } from '../abi/generated.ts';
import { fail, ok, type Result } from '../base/errors.ts';
import { buildImage, type Image } from '../compile/image.ts';
import { loadPrebuilt } from '../compile/prebuilt.ts';
import { compileExplained } from '../compile/compile.ts';
import type { Choice } from '../compile/choice.ts';
import { codeBytesOf } from '../compile/kernel-pack.ts';
import type { KernelChoice } from '../contract/index.ts';
import type { Program } from '../compile/program.ts';
import { openModelFile, type ModelFile } from './model-file.ts';
import { findTarget, targets, type TargetDescriptor } from './targets.ts';

/** A model made ready for a target: everything that can be refused was accepted. */
export interface Prepared {
  readonly target: TargetDescriptor;
  readonly model: ModelFile;
  readonly program: Program;
  /** Why the Program has the kernels it has. */
  readonly choice: Choice;
  readonly image: Image;
}

export function targetOf(id: string): Result<TargetDescriptor> {
  const target = findTarget(id);
  return target
    ? ok(target)
    : fail(
        'cli.unknown-target',
        { target: id, known: targets.map((t) => t.id) },
        'There is no such target.',
        '`microjoule targets` lists them.',
      );
}

export function ownHarness(model: string) {
  return {
    mode: HarnessMode.Performance,
    inputEncoding: InputEncoding.Raw,
    resultKind: 0,
    model,
    vendor: 'microjoule',
  } as const;
}

function safeName(name: string): string {
  return name.replace(/[^\x21-\x7e]|[[\]%]/g, '-').slice(0, 24) || 'model';
}

/** Reads, compiles and builds: everything that can be refused before hardware is touched. */
export function prepare(
  modelPath: string,
  targetId: string,
  kernels: KernelChoice = 'fast',
): Result<Prepared> {
  const target = targetOf(targetId);
  if (!target.ok) return target;
  const { board } = target.value;
  const model = openModelFile(modelPath);
  if (!model.ok) return model;
  const prebuilt = loadPrebuilt(board);
  if (!prebuilt.ok) return prebuilt;
  const code = prebuilt.value.kernels && codeBytesOf(prebuilt.value.kernels);
  const compiled = compileExplained(model.value.graph, board, {
    choice: kernels,
    ...(code ? { code } : {}),
  });
  if (!compiled.ok) return compiled;
  const { program, choice } = compiled.value;
  const { inputEncoding, resultKind, name } = model.value;
  const image = buildImage({
    board,
    firmware: prebuilt.value.firmware,
    kernels: prebuilt.value.kernels,
    program,
    config: { ...ownHarness(safeName(name)), inputEncoding, resultKind },
  });
  if (!image.ok) return image;
  return ok({ target: target.value, model: model.value, program, choice, image: image.value });
}
