/** CMSIS-NN per layer in the same emulators, where the file is there (NUMBERS §1); never in the repository. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sharedDir } from '../needs.ts';

export interface PeerLayer {
  readonly op: string;
  /** In the unit of the core: cycles on the Cortex-M0+, instructions elsewhere. */
  readonly count: number;
}

/** Board → how the file calls its core. */
const coreNames: Readonly<Record<string, string>> = {
  pico: 'Cortex-M0+',
  'mps2-an386': 'Cortex-M4F',
  'mps2-an500': 'Cortex-M7',
  'mps3-an547': 'Cortex-M55 MVE',
  'rv32-virt': 'rv32imc',
};

function rows(): string[][] {
  const file = sharedDir === null ? null : join(sharedDir, 'data/peer_cycles.csv');
  if (file === null || !existsSync(file)) return [];
  return readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map((line) => line.split(','));
}

/** Layers that compute something, in order; [] where nobody measured them. */
export function peerLayers(boardId: string, model: string): PeerLayer[] {
  const [head, ...data] = rows();
  if (!head) return [];
  const at = (name: string) => head.indexOf(name);
  const core = coreNames[boardId]!;
  return data
    .filter((r) => r[at('core')]!.startsWith(`${core} (`) && r[at('engine')] === 'cmsis')
    .filter((r) => r[at('model')] === model && r[at('op')] !== 'RESHAPE')
    .map((r) => ({ op: r[at('op')]!, count: Number(r[at(r[at('unit')]!)]) }));
}
