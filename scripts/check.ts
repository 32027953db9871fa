/** `npm run check`: format-independent health in under a minute: generated files, types, lint, unit and architecture tests. */
import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';

const root = resolve(import.meta.dirname, '..');
const steps: readonly (readonly [string, readonly string[]])[] = [
  ['generated files', ['scripts/generate-abi.ts', '--check']],
  ['error page', ['scripts/list-error-ids.ts', '--check']],
  [
    'format',
    [
      'node_modules/prettier/bin/prettier.cjs',
      '--check',
      '--log-level',
      'warn',
      'src-main/**/*.ts',
      'test/**/*.ts',
      'scripts/**/*.ts',
    ],
  ],
  ['types', ['node_modules/typescript/bin/tsc', '--noEmit', '-p', 'tsconfig.json']],
  ['svelte', ['node_modules/svelte-check/bin/svelte-check', '--tsconfig', 'src-renderer/tsconfig.json']],
  ['lint', ['node_modules/eslint/bin/eslint.js', '.']],
  ['tests', ['scripts/run-tests.ts', 'architecture', 'unit']],
];
const wanted = process.argv.slice(2);
for (const [name, args] of steps) {
  if (wanted.length && !wanted.includes(name)) continue;
  const began = performance.now();
  const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' });
  console.log(
    `${status === 0 ? 'ok  ' : 'FAIL'} ${name} (${((performance.now() - began) / 1000).toFixed(1)} s)`,
  );
  if (status !== 0) process.exit(1);
}
