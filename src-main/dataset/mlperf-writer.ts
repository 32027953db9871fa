import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BugError } from '../base/errors.ts';

/** One input file of the MLPerf Tiny data-set layout. */
export interface LayoutItem {
  /** File name without folders, ending in .bin. */
  readonly file: string;
  readonly label: number;
  /** In the model's own input encoding. */
  readonly bytes: Uint8Array;
}

/** Writes `y_labels.csv` (file,nclasses,class) and one .bin an item into `dir`, which is made when absent. */
export function writeMlperfLayout(dir: string, classCount: number, items: readonly LayoutItem[]): void {
  const names = new Set<string>();
  for (const { file, label } of items) {
    if (!/^[\w.-]+\.bin$/.test(file) || names.has(file))
      throw new BugError(`${file} is no new plain .bin name`);
    if (!Number.isInteger(label) || label < 0 || label >= classCount)
      throw new BugError(`${file}: class ${label} of ${classCount}`);
    names.add(file);
  }
  mkdirSync(dir, { recursive: true });
  for (const { file, bytes } of items) writeFileSync(join(dir, file), bytes);
  writeFileSync(join(dir, 'y_labels.csv'), items.map((i) => `${i.file},${classCount},${i.label}\n`).join(''));
}
