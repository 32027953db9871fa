import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { orThrow } from '../../src-main/base/errors.ts';
import { executeRun, resumeRun } from '../../src-main/run/run.ts';
import { openStore } from '../../src-main/store/store.ts';
import { describeWith, type Need } from '../needs.ts';
import { inputSet, plan, script, world } from '../unit/run/fakes.ts';

/** A small tmpfs, or null where this user may not mount one. */
function mountTmpfs(sizeKib: number): string | null {
  if (process.getuid?.() !== 0) return null;
  const dir = mkdtempSync(join(tmpdir(), 'mj-tmpfs-'));
  const done = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${sizeKib}k`, 'microjoule-test', dir]);
  if (done.status === 0) return dir;
  rmSync(dir, { recursive: true });
  return null;
}

function unmount(dir: string): void {
  // lazily: a failed expectation leaves the database open
  spawnSync('umount', ['-l', dir]);
  rmSync(dir, { recursive: true, force: true });
}

function mayMount(): boolean {
  const dir = mountTmpfs(64);
  if (dir) unmount(dir);
  return dir !== null;
}

const tmpfs: Need = { name: 'leave to mount a tmpfs', met: mayMount(), enable: 'sudo npm test' };

describeWith([tmpfs], 'a disk that runs full', () => {
  it('ends the run with store.full, keeps what was measured, and lets it go on when there is room', async () => {
    const dir = mountTmpfs(1536)!;
    try {
      const db = join(dir, 'bench.sqlite');
      const store = orThrow(openStore(db));
      const w = world(script(), inputSet(3000, true));
      const result = orThrow(await executeRun(plan({ mode: 'accuracy' }), { ...w.ports, store: store.runs }));
      expect(result).toMatchObject({ status: 'failed', failure: { id: 'store.full' } });
      const kept = orThrow(store.runs.load(result.runId)).items.length;
      expect(kept).toBe(result.items.length);
      expect(kept).toBeGreaterThan(50);
      expect(kept).toBeLessThan(3000);
      store.close();

      spawnSync('mount', ['-o', 'remount,size=16m', dir]);
      const again = orThrow(openStore(db));
      orThrow(again.integrity());
      const more = world(script(), inputSet(3000, true));
      const resumed = orThrow(await resumeRun(result.runId, { ...more.ports, store: again.runs }));
      expect(resumed).toMatchObject({ status: 'finished', accuracy: { items: 3000 } });
      expect(more.bench.counts.get('infer')).toBe(3000 - kept);
      again.close();
    } finally {
      unmount(dir);
    }
  });

  it('opening a database there fails with store.full and leaves nothing half made', () => {
    const dir = mountTmpfs(128)!;
    try {
      const db = join(dir, 'bench.sqlite');
      writeFileSync(join(dir, 'ballast'), new Uint8Array(100 * 1024));
      expect(openStore(db)).toMatchObject({ ok: false, id: 'store.full' });
      rmSync(join(dir, 'ballast'));
      spawnSync('mount', ['-o', 'remount,size=16m', dir]);
      const store = orThrow(openStore(db));
      orThrow(store.integrity());
      store.close();
    } finally {
      unmount(dir);
    }
  });
});
