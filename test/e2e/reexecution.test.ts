/** Started by an older Node, the command line is two processes; a user and a shell must not notice. */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import type { RunResult, RunSummary } from '../../src-main/contract/index.ts';
import { root } from '../needs.ts';
import { olderNode } from '../older-node.ts';
import { json, microjoule, scratch, type CliOptions } from './cli-process.ts';

const { dir, remove } = scratch();
afterAll(remove);

const older = olderNode();
const forced: CliOptions = { env: { MICROJOULE_FORCE_REEXECUTION: '1' } };
const ways: [string, CliOptions][] = [
  ['forced', forced],
  ...(older ? [['by an older Node', { node: older }] as [string, CliOptions]] : []),
];
const longRun = (db: string) => [
  'run',
  join(root, 'models/tiny-ad.tflite'),
  '--window-s',
  '4',
  '--windows',
  '6',
  '--db',
  db,
];

async function lastRun(db: string): Promise<RunResult> {
  const [run] = json<RunSummary[]>(await microjoule(['runs', '--db', db, '--json']));
  return json<RunResult>(await microjoule(['show', String(run!.runId), '--db', db, '--json']));
}

describe.each(ways)('re-executed (%s)', (way, options) => {
  const db = join(dir, `${way}.db`);

  it('answers and ends as the program does', async () => {
    const targets = await microjoule(['targets', '--json'], options);
    expect([targets.code, json<unknown[]>(targets).length > 0]).toEqual([0, true]);
    expect((await microjoule(['show', '9999', '--db', db, '--json'], options)).code).toBe(2);
  });

  it('Ctrl-C keeps what was measured', async () => {
    const stopped = await microjoule(longRun(db), {
      ...options,
      when: { text: 'window 2/6', act: (kill) => kill('SIGINT') },
    });
    expect(stopped.code).toBe(130);
    expect(stopped.stderr).toContain('stopping');
    const run = await lastRun(db);
    expect(run.status).toBe('interrupted');
    expect(run.failure?.id).toBe('run.interrupted');
  });

  it('stops by itself, gracefully, when its parent is killed', async () => {
    // the promise ends when the child's pipes close, that is when it has ended too
    await microjoule(longRun(db), {
      ...options,
      when: { text: 'window 2/6', act: (kill) => kill('SIGKILL') },
    });
    const run = await lastRun(db);
    expect(run.status).toBe('interrupted');
    expect(run.failure?.id).toBe('run.interrupted');
    expect(run.windows.filter((w) => w.status === 'finished').length).toBeLessThan(6);
  });
});

describe('the mark of re-execution', () => {
  it('is not inherited by what the program starts', async () => {
    const entry = join(dir, 'entry.mjs');
    writeFileSync(
      entry,
      `import { ensurePinnedNode } from ${JSON.stringify(pathToFileURL(join(root, 'src-main/hosts/pinned-node.mjs')).href)};
await ensurePinnedNode(${JSON.stringify(entry)});
console.log(JSON.stringify({ parent: process.ppid, marks: Object.keys(process.env).filter((k) => /REEXECUTI?/.test(k)) }));`,
    );
    const child = spawnSync(process.execPath, [entry], {
      encoding: 'utf8',
      env: { ...process.env, ...forced.env },
    });
    const told = JSON.parse(child.stdout) as { parent: number; marks: string[] };
    expect(told.marks).toEqual([]);
    expect(told.parent).not.toBe(process.pid);
  });

  it('ends with the code a shell gives a program that a signal ended', () => {
    const entry = join(dir, 'killed.mjs');
    writeFileSync(
      entry,
      `import { ensurePinnedNode } from ${JSON.stringify(pathToFileURL(join(root, 'src-main/hosts/pinned-node.mjs')).href)};
await ensurePinnedNode(${JSON.stringify(entry)});
process.kill(process.pid, 'SIGKILL');`,
    );
    expect(spawnSync(process.execPath, [entry], { env: { ...process.env, ...forced.env } }).status).toBe(137);
  });
});
