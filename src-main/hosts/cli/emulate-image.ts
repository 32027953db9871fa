import { readFileSync } from 'node:fs';
import { HarnessMode } from '../../abi/generated.ts';
import { fail, ok, type Result } from '../../base/errors.ts';
import { defaultBaud, withMode } from '../../compile/image.ts';
import { loadCodeMap } from '../../compile/prebuilt.ts';
import { prepare } from '../../core.ts';
import type { EmulateOptions } from './emulate-options.ts';
import { codeMapOfImage, type ProfiledCode } from './emulate-profile.ts';

export interface DeployedImage {
  readonly uf2: Uint8Array | null;
  /** The line rate of the computer's end, fixed while it is served, or the board's own. */
  readonly baud: number | 'board';
  readonly code: ProfiledCode;
}

/** What the board holds when it is switched on. */
export function imageOf(o: EmulateOptions): Result<DeployedImage> {
  const mode = o.mode === 'energy' ? HarnessMode.Energy : HarnessMode.Performance;
  const baud = o.baud ?? defaultBaud(mode);
  if (o.uf2 !== undefined) {
    const bytes = readFile(o.uf2, '--uf2');
    if (!bytes.ok) return bytes;
    const elf = o.elf === undefined ? ok(null) : readFile(o.elf, '--elf');
    if (!elf.ok) return elf;
    const map = elf.value ? codeMapOfImage(elf.value, bytes.value) : ok(null);
    if (!map.ok) return map;
    const code = { map: map.value, operatorNames: null };
    return ok({ uf2: bytes.value, baud: o.baud ?? 'board', code });
  }
  if (o.model === undefined) return ok({ uf2: null, baud, code: { map: null, operatorNames: null } });
  const prepared = prepare(o.model, 'pico-emulated');
  if (!prepared.ok) return prepared;
  const image = withMode(prepared.value.image, mode, baud === 'board' ? defaultBaud(mode) : baud);
  if (!image.ok) return image;
  const map = loadCodeMap(prepared.value.target.board, image.value);
  if (!map.ok) return map;
  const operatorNames = prepared.value.program.ops.map((op) => op.name);
  return ok({ uf2: image.value.uf2, baud, code: { map: map.value, operatorNames } });
}

/** `cli.cannot-read` */
export function readFile(path: string, option: string): Result<Uint8Array> {
  try {
    return ok(new Uint8Array(readFileSync(path)));
  } catch (e) {
    const code = (e as NodeJS.ErrnoException).code ?? String(e);
    return fail(
      'cli.cannot-read',
      { option, path, code },
      'The file cannot be read.',
      'Check path and permissions.',
    );
  }
}
