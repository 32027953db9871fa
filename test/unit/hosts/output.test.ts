import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fail } from '../../../src-main/base/errors.ts';
import { exitCodeOf, exitCodes } from '../../../src-main/hosts/cli/exit-codes.ts';
import { errorIds } from '../../../src-main/contract/error-ids.ts';
import { runText, watchRun } from '../../../src-main/hosts/cli/run-view.ts';
import { root } from '../../needs.ts';
import { runFixture } from '../report/run-fixture.ts';
import { progressLine, table, terminalOutput } from '../../../src-main/hosts/cli/output.ts';

function capture() {
  const chunks: string[] = [];
  const stream = { write: (s: string) => chunks.push(s) > 0, isTTY: false } as unknown as NodeJS.WriteStream;
  return { stream, text: () => chunks.join('') };
}

describe('CLI output', () => {
  it('shows share and time left', () => {
    expect(progressLine('window 2/5', 0.25, 102)).toBe(
      '[######------------------]  25 %  window 2/5  ETA 1:42',
    );
  });

  it('prints exactly one JSON document on standard output, also for a failure', () => {
    const out = capture();
    const err = capture();
    const output = terminalOutput(true, out.stream, err.stream);
    output.progress('flash', 0.5, 1);
    output.note('hello');
    const code = output.fail(
      fail('device.no-reply', { port: '/dev/ttyACM0' }, 'Nothing answered.', 'Press reset.'),
    );
    expect(code).toBe(exitCodes.hardware);
    const parsed = JSON.parse(out.text()) as { error: { id: string } };
    expect(parsed.error.id).toBe('device.no-reply');
  });

  it('writes plain lines where there is no terminal, one a step', () => {
    const err = capture();
    const output = terminalOutput(false, capture().stream, err.stream);
    output.progress('window 1/5', 0.1, 1);
    output.progress('window 1/5', 0.2, 1);
    output.progress('window 2/5', 0.3, 1);
    expect(err.text()).toBe('window 1/5\nwindow 2/5\n');
  });

  it('aligns numbers to the right', () => {
    expect(
      table(
        ['op', 'cycles'],
        [
          ['CONV_2D', '12'],
          ['ADD', '1200'],
        ],
        [1],
      ).split('\n'),
    ).toEqual(['op       cycles', '───────  ──────', 'CONV_2D      12', 'ADD        1200']);
  });

  it.each([
    ['model.truncated', exitCodes.badInput],
    ['device.no-reply', exitCodes.hardware],
    ['store.full', exitCodes.storage],
    ['run.interrupted', exitCodes.interrupted],
    ['something.else', exitCodes.unexpected],
  ])('exit code of %s is %i', (id, code) => {
    expect(exitCodeOf(fail(id, {}, '', ''))).toBe(code);
  });
});

describe('exit codes', () => {
  const inTable = readFileSync(join(root, 'docs/cli.md'), 'utf8')
    .split('\n')
    .flatMap((line) => {
      const row = /^\| (\d+) \| (.*) \|$/.exec(line);
      return row
        ? [...row[2]!.matchAll(/`([a-z0-9]+\.[a-z0-9-]*)`/g)].map((m) => [m[1]!, Number(row[1])] as const)
        : [];
    });

  it('are those of the table in docs/cli.md', () => {
    expect(inTable.length).toBeGreaterThan(25);
    for (const [prefix, code] of inTable)
      expect([prefix, exitCodeOf({ id: prefix })]).toEqual([prefix, code]);
  });

  it('each id that the sources know has one, and the table says it', () => {
    const longest = [...inTable].sort(([a], [b]) => b.length - a.length);
    for (const id of errorIds) {
      const said = longest.find(([prefix]) => id.startsWith(prefix))?.[1];
      expect([id, exitCodeOf({ id })]).toEqual([id, said]);
    }
  });

  it.each([
    'run.bad-plan',
    'run.no-labels',
    'run.other-model',
    'run.no-model-path',
    'run.no-inputs',
    'dataset.no-labels',
    'store.no-run',
    'store.run-finished',
    'store.none',
    'cli.usage',
  ])('%s is for the user to change', (id) => expect(exitCodeOf({ id })).toBe(2));
});

describe('a failed run on a terminal', () => {
  it('names the file and the port with the cause', () => {
    const failure = {
      id: 'link.permission',
      facts: { path: '/dev/ttyACM7', group: 'dialout' },
      cause: 'You may not open it.',
      next: 'Join the group.',
    };
    const text = runText(runFixture({ status: 'failed', failure }));
    expect(text).toContain(
      'link.permission\n  path: /dev/ttyACM7\n  group: dialout\nYou may not open it.\n→ Join the group.',
    );
  });

  it('says so in warnings and pauses too', () => {
    const err = capture();
    const watch = watchRun(terminalOutput(false, capture().stream, err.stream));
    const failure = {
      id: 'device.lost',
      facts: { port: '/dev/ttyUSB3' },
      cause: 'It is gone.',
      next: 'Plug it in.',
    };
    watch({ type: 'paused', runId: 1, at: '', failure, window: 1, of: 5 });
    expect(err.text()).toContain('port: /dev/ttyUSB3');
    expect(err.text()).toContain('window 2/5');
  });
});
