/**
 * What a new user does: the repository cloned into an empty folder, nothing in npm's cache, then the README's commands
 * as written. Clones HEAD, so what is not committed is not measured. Needs git and the registry; takes minutes.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { root } from '../needs.ts';

export const name = 'long-fresh-clone';

const DEMO_LIMIT_S = 180;
/** Nothing of this takes longer unless it hangs. */
const HANG_MS = 30 * 60_000;

interface Outcome {
  readonly seconds: number;
  readonly exitCode: number;
}

/** As typed in a shell in the clone; what it prints goes to standard error. */
function type(command: string, cwd: string, env: NodeJS.ProcessEnv): Outcome {
  console.error(`$ ${command}`);
  const began = performance.now();
  const run = spawnSync(command, { cwd, env, shell: true, stdio: ['ignore', 2, 2], timeout: HANG_MS });
  return { seconds: Math.round(performance.now() - began) / 1000, exitCode: run.status ?? 255 };
}

/** Without what `npm run bench` itself put there: its scripts' variables and this repository's programs. */
function newUsersEnvironment(scratch: string): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(
    ([key]) => !/^(npm_|MICROJOULE_|VITEST|NODE_OPTIONS$|INIT_CWD$)/.test(key),
  );
  const path = (process.env.PATH ?? '')
    .split(delimiter)
    .filter((folder) => !folder.startsWith(join(root, 'node_modules')))
    .join(delimiter);
  return { ...Object.fromEntries(own), PATH: path, npm_config_cache: join(scratch, 'npm-cache') };
}

/** The commands of the README's code blocks, as written. */
function readmeCommands(): string[] {
  const blocks = readFileSync(join(root, 'README.md'), 'utf8').matchAll(/^```\n([\s\S]*?)^```/gm);
  return [...blocks]
    .flatMap((block) => block[1]!.trim().split('\n'))
    .filter((line) => line.startsWith('npm ci && '));
}

export async function bench() {
  const commands = readmeCommands();
  if (commands.length !== 2)
    throw new Error(`the README has ${commands.length} commands that begin with npm ci`);
  const scratch = mkdtempSync(join(tmpdir(), 'microjoule-fresh-'));
  try {
    const env = newUsersEnvironment(scratch);
    const clone = join(scratch, 'microjoule');
    const cloned = type(`git clone --quiet "${root}" "${clone}"`, scratch, env);
    if (cloned.exitCode !== 0) throw new Error('git clone failed');
    const figures: Record<string, number> = { cloneS: cloned.seconds };
    for (const [at, step] of commands.flatMap((command) => command.split(' && ')).entries()) {
      const outcome = type(step, clone, env);
      figures[`${at + 1}. ${step}, s`] = outcome.seconds;
      figures[`${at + 1}. ${step}, exit code`] = outcome.exitCode;
    }
    return { figures, checks: checksOf(figures) };
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function checksOf(figures: Record<string, number>) {
  const codes = Object.entries(figures).filter(([key]) => key.endsWith('exit code'));
  const demoS = figures['2. npm run demo, s'] ?? NaN;
  return [
    ...codes.map(([key, value]) => ({ name: key, value, limit: 0, ok: value === 0 })),
    { name: 'demo after the download, s', value: demoS, limit: DEMO_LIMIT_S, ok: demoS <= DEMO_LIMIT_S },
  ];
}
