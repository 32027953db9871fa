import { fail, ok, type Result } from '../base/errors.ts';
import { sha256Hex } from '../base/crc.ts';
import type { InputSet } from './ports.ts';

export interface WindowInput {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly sha256: string;
}

/**
 * The input of a window: another file for each; where there are fewer files than windows, another window of the
 * same files (ad01), and only then the same again (which the run rules will say).
 */
export function inputOf(inputs: InputSet, window: number): Result<WindowInput> {
  const item = inputs.item(window % inputs.size);
  if (!item.ok) return item;
  const { windows, name } = item.value;
  if (windows.length === 0)
    return fail(
      'run.no-inputs',
      { file: name },
      'The file holds no whole input.',
      'Point --data at a folder with inputs.',
    );
  const at = Math.floor(window / inputs.size) % windows.length;
  const bytes = windows[at]!;
  return ok({ name: windows.length > 1 ? `${name}#${at}` : name, bytes, sha256: sha256Hex(bytes) });
}
