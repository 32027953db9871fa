import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { orThrow } from '../../src-main/base/errors.ts';
import type { RunEvent } from '../../src-main/contract/index.ts';
import { createCore, type Core } from '../../src-main/core.ts';
import type { Rig } from '../../src-main/core/rig.ts';
import { serveCore } from '../../src-main/hosts/bench-page.ts';

/** The real bench, served by this process, so that a test can pull its cables. */
export interface UiBench extends AsyncDisposable {
  readonly core: Core;
  /** Carries the token. */
  readonly url: string;
  /** Every rig that was opened, the newest last. */
  readonly rigs: readonly Rig[];
}

/**
 * Serves the bench on an empty database. Runs are those that the page asks for, but with windows of `windowS` seconds and
 * `items` items at most: what is shown is the same, sooner.
 */
export async function openUiBench(
  short: { readonly windowS: number; readonly items: number },
  /** Sees the events of runs before the page does. */
  onEvent: (event: RunEvent, rigs: readonly Rig[]) => void = () => {},
): Promise<UiBench> {
  const dir = mkdtempSync(join(tmpdir(), 'microjoule-ui-'));
  const core = orThrow(await createCore({ dbPath: join(dir, 'bench.db') }));
  const rigs: Rig[] = [];
  const run = core.run.bind(core);
  core.run = (request, wiring = {}, watch = {}) =>
    run(
      {
        ...request,
        windowS: short.windowS,
        ...(request.mode === 'accuracy' ? { maxItems: short.items } : {}),
      },
      { ...wiring, onRig: (rig) => rigs.push(rig) },
      {
        ...watch,
        onEvent: (event) => {
          onEvent(event, rigs);
          watch.onEvent?.(event);
        },
      },
    );
  const host = orThrow(await serveCore(core, {}, () => {}));
  return {
    core,
    url: host.url,
    rigs,
    async [Symbol.asyncDispose]() {
      await host[Symbol.asyncDispose]();
      await core[Symbol.asyncDispose]();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
