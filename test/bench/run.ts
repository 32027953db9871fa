/**
 * `npm run bench [-- NAME …] [-- --check]`: runs test/bench/*.bench.ts one after the other, prints one JSON document
 * on standard output and progress on standard error. With --check the exit code is 1 when a figure is below
 * what is asked. Never run by CI.
 */
import { cpus } from 'node:os';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

interface Check {
  readonly name: string;
  readonly value: number;
  readonly limit: number;
  readonly ok: boolean;
}
interface BenchModule {
  readonly name: string;
  bench(): Promise<{ readonly figures: Record<string, number>; readonly checks: readonly Check[] }>;
}

const words = process.argv.slice(2).filter((w) => !w.startsWith('--'));
const check = process.argv.includes('--check');
const files = readdirSync(import.meta.dirname)
  .filter((f) => f.endsWith('.bench.ts'))
  .sort();
const results: Record<string, unknown> = {};
let missed = 0;
for (const file of files) {
  const module = (await import(pathToFileURL(join(import.meta.dirname, file)).href)) as BenchModule;
  if (words.length ? !words.includes(module.name) : module.name.startsWith('long-')) continue;
  console.error(`bench ${module.name} …`);
  const began = performance.now();
  const { figures, checks } = await module.bench();
  for (const c of checks.filter((x) => !x.ok))
    console.error(`  MISSED ${c.name}: ${c.value} (asked ${c.limit})`);
  missed += checks.filter((c) => !c.ok).length;
  results[module.name] = { seconds: Math.round(performance.now() - began) / 1000, figures, checks };
}
console.log(
  JSON.stringify(
    { node: process.version, cpu: cpus()[0]?.model ?? '', cores: cpus().length, results },
    null,
    2,
  ),
);
if (check && missed > 0) process.exitCode = 1;
