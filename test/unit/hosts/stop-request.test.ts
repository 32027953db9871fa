import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import { onStopRequest } from '../../../src-main/hosts/stop-request.ts';

function stopped() {
  const source = new EventEmitter();
  const calls: string[] = [];
  let nowMs = 0;
  onStopRequest(
    () => calls.push('first'),
    () => calls.push('again'),
    source,
    () => nowMs,
  );
  return { calls, send: (signal: string, atMs: number) => ((nowMs = atMs), source.emit(signal)) };
}

describe('a request to stop', () => {
  it('counts once when npm passes on the Ctrl-C that the terminal sent already', () => {
    const { calls, send } = stopped();
    send('SIGINT', 1000);
    send('SIGINT', 1020);
    expect(calls).toEqual(['first']);
    send('SIGINT', 2500);
    expect(calls).toEqual(['first', 'again']);
  });

  it('is graceful on a hang-up, however often it is sent', () => {
    const { calls, send } = stopped();
    send('SIGHUP', 0);
    send('SIGHUP', 900);
    expect(calls).toEqual(['first']);
    send('SIGTERM', 1800);
    expect(calls).toEqual(['first', 'again']);
  });
});
