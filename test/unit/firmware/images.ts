import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { HarnessMode, InputEncoding, ResultKind } from '../../../src-main/abi/generated.ts';
import { orThrow } from '../../../src-main/base/errors.ts';
import { pico } from '../../../src-main/board/pico.ts';
import { buildImage, type HarnessConfig, type Image } from '../../../src-main/compile/image.ts';
import type { Program } from '../../../src-main/compile/program.ts';
import { root } from '../../needs.ts';

export const prebuiltFirmware = (): Uint8Array =>
  new Uint8Array(readFileSync(join(root, 'firmware/prebuilt/pico/microjoule-pico.bin')));

export function imageOf(program: Program | null, config: Partial<HarnessConfig> = {}): Image {
  return orThrow(
    buildImage({
      board: pico,
      firmware: prebuiltFirmware(),
      program,
      config: {
        mode: HarnessMode.Performance,
        inputEncoding: InputEncoding.Raw,
        resultKind: ResultKind.Scores,
        model: 'kws01',
        vendor: 'unspecified',
        ...config,
      },
    }),
  );
}
