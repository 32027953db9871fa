/** The committed counts that later versions must not exceed: test/bench/engine-baseline.json. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { NetworkCount } from './engine-counts.ts';

const File = z.record(
  z.string(),
  z.record(z.string(), z.object({ total: z.number(), layers: z.array(z.number()) })),
);
export type Baseline = z.infer<typeof File>;

const path = join(import.meta.dirname, 'engine-baseline.json');
/** More than this is a regression. */
export const TOLERANCE_REL = 0.005;

export function readBaseline(): Baseline {
  return existsSync(path) ? File.parse(JSON.parse(readFileSync(path, 'utf8'))) : {};
}

export function writeBaseline(baseline: Baseline): void {
  const models = Object.entries(baseline).map(([model, cores]) => {
    const lines = Object.entries(cores).map(
      ([core, b]) => `    ${JSON.stringify(core)}: ${JSON.stringify(b)}`,
    );
    return `  ${JSON.stringify(model)}: {\n${lines.join(',\n')}\n  }`;
  });
  writeFileSync(path, `{\n${models.join(',\n')}\n}\n`);
}

export function baselineOf({ total, layers }: NetworkCount): Baseline[string][string] {
  return { total, layers: layers.map((l) => l.count) };
}

/** By how much the network takes more than the baseline, relative; null where there is none. */
export function growth(network: NetworkCount, baseline: Baseline[string][string] | undefined): number | null {
  return baseline === undefined ? null : network.total / baseline.total - 1;
}
