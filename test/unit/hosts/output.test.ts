import { describe, expect, it } from 'vitest';
import { fail } from '../../../src-main/base/errors.ts';
import { exitCodeOf, exitCodes } from '../../../src-main/hosts/cli/exit-codes.ts';
import { progressLine, table, terminalOutput } from '../../../src-main/hosts/cli/output.ts';

function capture() {
  const chunks: string[] = [];
  const stream = { write: (s: string) => chunks.push(s) > 0, isTTY: false } as unknown as NodeJS.WriteStream;
  return { stream, text: () => chunks.join('') };
}

describe('CLI output', () => {
  it('shows share and time left', () => {
    expect(progressLine('window 2/5', 0.25, 102)).toBe('[######------------------]  25 %  window 2/5  ETA 1:42');
  });

  it('prints exactly one JSON document on standard output, also for a failure', () => {
    const out = capture();
    const err = capture();
    const output = terminalOutput(true, out.stream, err.stream);
    output.progress('flash', 0.5, 1);
    output.note('hello');
    const code = output.fail(fail('device.no-reply', { port: '/dev/ttyACM0' }, 'Nothing answered.', 'Press reset.'));
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
    expect(table(['op', 'cycles'], [['CONV_2D', '12'], ['ADD', '1200']], [1]).split('\n')).toEqual([
      'op       cycles',
      '───────  ──────',
      'CONV_2D      12',
      'ADD        1200',
    ]);
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
