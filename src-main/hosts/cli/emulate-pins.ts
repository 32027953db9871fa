/** Pin edges of an emulated board into a VCD file, while it runs. */
import { closeSync, openSync, writeSync } from 'node:fs';
import { fail, ok, type Result } from '../../base/errors.ts';
import type { PinEdges } from '../../sim/world.ts';
import { VcdWriter } from '../../trace/vcd.ts';

export interface PinFile {
  readonly pinMask: number;
  readonly onPins: (edges: PinEdges) => void;
  /** Ends the file at `timeUs`. A write that failed on the way is told here. */
  close(timeUs: number): Result<void>;
}

export function openPinFile(path: string, pins: readonly number[]): Result<PinFile> {
  const writer = new VcdWriter(pins);
  let file: number;
  let broken: unknown = null;
  try {
    file = openSync(path, 'w');
  } catch (e) {
    return cannotWrite(path, e);
  }
  const put = (text: string) => {
    try {
      if (broken === null && text !== '') writeSync(file, text);
    } catch (e) {
      broken = e;
    }
  };
  put(writer.header() + writer.change(0, 0));
  return ok({
    pinMask: pins.reduce((mask, pin) => mask | (1 << pin), 0),
    onPins: ({ timesUs, levels }) => put(timesUs.map((us, i) => writer.change(us, levels[i]!)).join('')),
    close: (timeUs) => {
      put(writer.end(timeUs));
      closeSync(file);
      return broken === null ? ok() : cannotWrite(path, broken);
    },
  });
}

function cannotWrite(path: string, e: unknown): Result<never> {
  const code = (e as NodeJS.ErrnoException).code ?? String(e);
  return fail(
    'cli.cannot-write',
    { option: '--pins', path, code },
    'The file cannot be written.',
    'Check folder, permissions and free space.',
  );
}
