import { HarnessMode, InputEncoding, ResultKind } from '../../../src-main/abi/generated.ts';
import { orThrow } from '../../../src-main/base/errors.ts';
import { pico } from '../../../src-main/board/pico.ts';
import { buildImage, type HarnessConfig, type Image } from '../../../src-main/compile/image.ts';
import { loadPrebuilt } from '../../../src-main/compile/prebuilt.ts';
import type { Program } from '../../../src-main/compile/program.ts';

const prebuilt = () => orThrow(loadPrebuilt(pico));

export const prebuiltFirmware = (): Uint8Array => prebuilt().firmware;

export function imageOf(program: Program | null, config: Partial<HarnessConfig> = {}): Image {
  return orThrow(
    buildImage({
      board: pico,
      ...prebuilt(),
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
