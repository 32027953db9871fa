/**
 * The product runs from TypeScript source and needs the Node that package.json pins. Started by an older one, an
 * entry point re-executes itself under the pinned binary that `npm ci` installed.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

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

/** Resolves when this process may go on; never returns when the pinned Node took over. */
export function ensurePinnedNode(entry) {
  if (newEnough()) return;
  const bin = pinnedBinary();
  if (!bin || process.env.MICROJOULE_REEXECUTED) {
    console.error(
      `host.node-too-old (found=${process.versions.node} needed=24): Microjoule runs on Node 24 and no pinned copy is installed for ` +
        `${process.platform}-${process.arch}. Run \`npm ci\` without --omit=optional, or start it with Node 24 or later.`,
    );
    process.exit(1);
  }
  const { status, signal } = spawnSync(bin, [entry, ...process.argv.slice(2)], {
    stdio: 'inherit',
    env: { ...process.env, MICROJOULE_REEXECUTED: '1' },
  });
  process.exit(signal ? 130 : (status ?? 1));
}
