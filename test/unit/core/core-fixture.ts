import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { orThrow } from '../../../src-main/base/errors.ts';
import { createCore, type Core, type CoreOptions, type RunRequest } from '../../../src-main/core.ts';
import { root } from '../../needs.ts';

export const tinyAd = join(root, 'models/tiny-ad.tflite');

export interface Bench extends AsyncDisposable {
  readonly core: Core;
  readonly dir: string;
}

/** A core with a database in a folder of its own. */
export async function openBench(options: Partial<CoreOptions> = {}): Promise<Bench> {
  const dir = mkdtempSync(join(tmpdir(), 'mj-core-'));
  const core = orThrow(await createCore({ dbPath: join(dir, 'bench.db'), ...options }));
  return {
    core,
    dir,
    async [Symbol.asyncDispose]() {
      await core[Symbol.asyncDispose]();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

export function request(over: Partial<RunRequest> = {}): RunRequest {
  return {
    modelPath: tinyAd,
    targetId: 'pico-emulated',
    mode: 'performance',
    windows: 1,
    windowS: 0.2,
    profile: false,
    ...over,
  };
}
