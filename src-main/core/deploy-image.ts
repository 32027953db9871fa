import { HarnessMode } from '../abi/generated.ts';
import type { Result } from '../base/errors.ts';
import { elfOfFlash } from '../compile/elf-image.ts';
import type { Image } from '../compile/image.ts';
import { deploy, type DeployOptions } from '../device/deploy.ts';
import type { Session } from '../device/session.ts';
import type { Rig } from './rig.ts';

/** Programs an image into the board of a rig; the session is given only when the board says that it runs this image. */
export function deployImage(
  rig: Pick<Rig, 'programmer' | 'dut'>,
  image: Image,
  options: Pick<DeployOptions, 'onProgress'> = {},
): Promise<Result<Session>> {
  const { firmwareHash, programHash, parts, config } = image;
  const file = parts.board.program.kind === 'elf' ? elfOfFlash(parts.board, image.bin) : image.uf2;
  const mode = config.mode === HarnessMode.Energy ? 'energy' : 'performance';
  return deploy(
    rig.programmer,
    rig.dut,
    { uf2: file, firmwareHash, programHash, mode, board: parts.board.id },
    { baud: config.baud, mode, ...options },
  );
}
