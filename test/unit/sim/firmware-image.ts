import { join } from 'node:path';
import { HarnessMode } from '../../../src-main/abi/generated.ts';
import { orThrow } from '../../../src-main/base/errors.ts';
import { pico } from '../../../src-main/board/pico.ts';
import { buildImage, inputBytes as loadBytesOf } from '../../../src-main/compile/image.ts';
import { loadPrebuilt } from '../../../src-main/compile/prebuilt.ts';
import { compileFor, openModelFile } from '../../../src-main/core/model-file.ts';
import { root } from '../../needs.ts';

/** The committed firmware with our own small autoencoder, as a UF2. */
export function tinyImage(mode: HarnessMode = HarnessMode.Performance): {
  uf2: Uint8Array;
  /** The tensor's own bytes. */
  inputBytes: number;
  /** What `db load` wants. */
  loadBytes: number;
} {
  const model = orThrow(openModelFile(join(root, 'models/tiny-ad.tflite')));
  const program = orThrow(compileFor(model, pico));
  const { firmware, kernels } = orThrow(loadPrebuilt(pico));
  const { inputEncoding, resultKind } = model;
  const image = orThrow(
    buildImage({
      board: pico,
      firmware,
      kernels,
      program,
      config: { mode, inputEncoding, resultKind, model: 'tiny-ad', vendor: 'microjoule' },
    }),
  );
  const input = program.tensors[program.inputs[0]!]!;
  return { uf2: image.uf2, inputBytes: input.bytes, loadBytes: loadBytesOf(program, inputEncoding) };
}
