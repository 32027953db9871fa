import { fail, ok, type Result } from '../base/errors.ts';
import { host } from '../board/host.ts';
import type { Image } from '../compile/image.ts';
import { rawValues, tensorsOf } from '../engine/harness-io.ts';
import { openTwin } from '../engine/twin.ts';
import { deployImage } from './deploy-image.ts';
import { compileFor } from './model-file.ts';
import { prepare } from './prepare.ts';
import type { RigFactory } from './rig.ts';
import { DEFAULT_WORLD_SEED, rigsFor, type Wiring } from './wiring.ts';

export interface InferAnswer {
  readonly target: string;
  readonly model: string;
  /** One list an output tensor: the integers (or floats) as the model gives them. */
  readonly outputs: readonly (readonly number[])[];
}

/** One inference on the host twin or on a board; the output integers as the model gives them. */
export async function inferOnce(
  modelPath: string,
  input: Uint8Array,
  targetId: string,
  wiring: Wiring,
): Promise<Result<InferAnswer>> {
  const onHost = targetId === 'host';
  const prepared = prepare(modelPath, onHost ? 'pico-emulated' : targetId);
  if (!prepared.ok) return prepared;
  const { model, program, image, target } = prepared.value;
  const inputs = program.inputs.map((t) => program.tensors[t]!);
  const outputs = program.outputs.map((t) => program.tensors[t]!);
  const tensors = tensorsOf(input, inputs, model.inputEncoding);
  if (!tensors.ok) return tensors;
  const answer = (raw: readonly Uint8Array[]): InferAnswer => ({
    target: targetId,
    model: model.name,
    outputs: raw.map((bytes, i) => rawValues(outputs[i]!, bytes)),
  });
  if (onHost) {
    const forThis = compileFor(model, host);
    if (!forThis.ok) return forThis;
    const raw = await inferOnTwin(forThis.value.bytes, tensors.value);
    return raw.ok ? ok(answer(raw.value)) : raw;
  }
  const rigs = rigsFor(target, wiring, { seed: DEFAULT_WORLD_SEED, operators: program.ops.length });
  if (!rigs.ok) return rigs;
  const raw = await inferOnRig(rigs.value, image, input);
  if (!raw.ok) return raw;
  let at = 0;
  return ok(answer(outputs.map((t) => raw.value.subarray(at, (at += t.bytes)))));
}

async function inferOnTwin(
  program: Uint8Array,
  tensors: readonly Uint8Array[],
): Promise<Result<readonly Uint8Array[]>> {
  const twin = await openTwin(program);
  if (!twin.ok) return twin;
  await using host = twin.value;
  return host.infer(tensors);
}

async function inferOnRig(rigs: RigFactory, image: Image, input: Uint8Array): Promise<Result<Uint8Array>> {
  const opened = await rigs.open(false);
  if (!opened.ok) return opened;
  await using rig = opened.value;
  const session = await deployImage(rig, image);
  if (!session.ok) return session;
  await using talk = session.value;
  const steps: (() => Promise<Result<unknown>>)[] = [() => talk.loadInput(input), () => talk.infer(1, 0)];
  for (const step of steps) {
    const done = await step();
    if (!done.ok) return done;
  }
  return talk.mj
    ? await talk.mj.output()
    : fail('device.no-mj', {}, 'The board does not give raw outputs.', 'Deploy the Microjoule firmware.');
}
