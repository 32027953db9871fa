/**
 * The product runs from TypeScript source and needs the Node that package.json pins. Started by an older one, an
 * entry point re-executes itself under the pinned binary that `npm ci` installed. The two processes behave as one:
 * signals go on to the child, its exit code comes back, and a child whose parent died stops as if it were asked to.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { constants } from 'node:os';

const require = createRequire(import.meta.url);

const MARK = 'MICROJOULE_REEXECUTED';
/** For tests: go through a child even where this Node would do. */
const FORCE = 'MICROJOULE_FORCE_REEXECUTION';
const stopSignals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
/** A run that was asked to stop ends its inference and writes to the database; longer than this it is stuck. */
const STOP_WITHIN_MS = 15_000;

/** Type stripping without a flag: 22.18, 23.6 and later. `await using` without one: 24. */
function newEnough() {
  return Number(process.versions.node.split('.')[0]) >= 24;
}

function pinnedBinary() {
  const name = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;
  try {
    const bin = require.resolve(`${name}/bin/node${process.platform === 'win32' ? '.exe' : ''}`);
    return existsSync(bin) ? bin : null;
  } catch {
    return null;
  }
}

/** In the child: the parent's end of the channel closes when it dies, however it dies. */
function stopWithParent() {
  process.once('disconnect', () => {
    setTimeout(() => process.exit(130), STOP_WITHIN_MS).unref();
    if (!process.emit('SIGTERM', 'SIGTERM')) process.exit(130);
  });
  process.channel?.unref();
}

/** Runs the entry in another process and ends with it. */
async function becomeParentOf(bin, entry) {
  const child = spawn(bin, [entry, ...process.argv.slice(2)], {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, [MARK]: '1' },
  });
  for (const signal of stopSignals)
    process.on(signal, () => {
      // a Windows console tells the child itself, and kill() would end it without a word
      if (process.platform !== 'win32') child.kill(signal);
    });
  const { code, signal } = await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (exitCode, endedBy) => resolve({ code: exitCode, signal: endedBy }));
  });
  process.exit(code ?? 128 + (constants.signals[signal] ?? 1));
}

/** Resolves when this process may go on; never when another Node took over. */
export async function ensurePinnedNode(entry) {
  const reexecuted = process.env[MARK] !== undefined;
  const forced = process.env[FORCE] !== undefined && !reexecuted;
  // programs that this one starts are no copies of it
  delete process.env[MARK];
  delete process.env[FORCE];
  if (reexecuted) stopWithParent();
  if (newEnough() && !forced) return;
  const bin = forced ? (pinnedBinary() ?? process.execPath) : pinnedBinary();
  if (!bin || reexecuted) {
    console.error(
      `host.node-too-old (found=${process.versions.node} needed=24): Microjoule runs on Node 24 and no pinned copy is installed for ` +
        `${process.platform}-${process.arch}. Run \`npm ci\` without --omit=optional, or start it with Node 24 or later.`,
    );
    process.exit(1);
  }
  await becomeParentOf(bin, entry);
}
