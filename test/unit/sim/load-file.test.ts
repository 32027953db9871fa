import { describe, expect, it } from 'vitest';
import { orThrow } from '../../../src-main/base/errors.ts';
import { createLoadPlayer, parseLoadFile } from '../../../src-main/sim/monitors/load-file.ts';

describe('load files', () => {
  it('are CSV with or without logic, comments and blank lines', () => {
    expect(orThrow(parseLoadFile('time_us,current_a\r\n0,0.001\r\n\r\n# a step\r\n10.5,2e-2\r\n'))).toEqual([
      { timeUs: 0, currentA: 0.001, logic: 0 },
      { timeUs: 10.5, currentA: 0.02, logic: 0 },
    ]);
    expect(orThrow(parseLoadFile('Time_us, Current_A, Logic\n0,0,3'))).toEqual([
      { timeUs: 0, currentA: 0, logic: 3 },
    ]);
  });

  it.each([
    ['', 'load.empty', undefined],
    ['time_us,current_a\n', 'load.empty', undefined],
    ['0,0.1\n', 'load.bad-header', 1],
    ['t,i\n0,1', 'load.bad-header', 1],
    ['time_us,current_a\n0,0.1,5', 'load.bad-line', 2],
    ['time_us,current_a\n0,', 'load.bad-line', 2],
    ['time_us,current_a\n0,abc', 'load.bad-line', 2],
    ['time_us,current_a\n0,NaN', 'load.bad-line', 2],
    ['time_us,current_a\n5,0.1', 'load.time-order', 2],
    ['time_us,current_a\n0,0.1\n10,0.1\n10,0.2', 'load.time-order', 4],
    ['time_us,current_a\n0,25', 'load.out-of-range', 2],
    ['time_us,current_a,logic\n0,0.1,256', 'load.out-of-range', 2],
    ['time_us,current_a,logic\n0,0.1,0.5', 'load.out-of-range', 2],
  ])('%j is refused with %s', (text, id, line) => {
    const parsed = parseLoadFile(text);
    expect(parsed).toMatchObject({ ok: false, id });
    if (line !== undefined) expect(parsed).toMatchObject({ facts: { line } });
  });

  it('never throws, whatever the bytes', () => {
    for (let k = 0; k < 256; k++) {
      const text = 'time_us,current_a\n0,1e-3\n10,2e-3\n'.split('');
      text[k % text.length] = String.fromCharCode(k);
      expect(() => parseLoadFile(text.join(''))).not.toThrow();
    }
  });

  const steps = orThrow(parseLoadFile('time_us,current_a,logic\n0,0.001,0\n100,0.002,1\n150,0.003,0'));
  const play = (repeat: boolean) => {
    const heard: [number, number][] = [];
    const player = createLoadPlayer(steps, { repeat, startUs: 1000 });
    player.connect({ current: (t, a) => void heard.push([t, a]) });
    for (let t = 1000; t <= 1320; t += 10) player.advanceTo(t);
    return heard;
  };

  it('play once, the last step holds', () => {
    expect(play(false)).toEqual([
      [1000, 0.001],
      [1100, 0.002],
      [1150, 0.003],
    ]);
  });

  it('play round and round with the last time as period', () => {
    expect(play(true)).toEqual([
      [1000, 0.001],
      [1100, 0.002],
      [1150, 0.001],
      [1250, 0.002],
      [1300, 0.001],
    ]);
  });
});
