/** A published log: the energies its runner printed, to the last digit. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { orThrow } from '../../src-main/base/errors.ts';
import { eembcWindows, eembcWindowUj, readEembcEnergy } from '../../src-main/trace/formats/eembc-energy.ts';
import { describeWith, needs, sharedDir } from '../needs.ts';

const folder = join(sharedDir ?? '', 'data/logs/eembc_v1.1_ST_L4R5_ad/energy');

describeWith([needs.shared], 'the EEMBC energy log of an L4R5', () => {
  const file = (name: string) => readFileSync(join(folder, name));

  it('gives the printed energy of every window', () => {
    const energy = orThrow(readEembcEnergy(file('trace1-energy.bin')));
    const windows = eembcWindows(JSON.parse(file('trace1-timestamps.json').toString()) as number[]);
    const printed = [
      ...file('results.txt')
        .toString()
        .matchAll(/Energy {7}: +([\d.]+) uJ/g),
    ].map((m) => m[1]);
    expect(printed).toHaveLength(5);
    expect(windows.map((w) => eembcWindowUj(energy, w.fromS, w.toS).toFixed(3))).toEqual(printed);
  });
});
