import { describe, expect, it } from 'vitest';
import { parseFaults } from '../../../src-main/sim/monitors/fault-words.ts';

describe('faults by the word', () => {
  it('several add up', () => {
    expect(
      parseFaults([
        'drop=0.01',
        'drop-run=100+3',
        'drop-run=7+1',
        'lose-bytes=9+2',
        'stall=50+10',
        'mute',
        'unplug=1.5',
      ]),
    ).toEqual({
      ok: true,
      value: {
        dropShare: 0.01,
        dropSamples: new Set([100, 101, 102, 7]),
        loseBytes: new Set([9, 10]),
        stalls: [{ atSample: 50, samples: 10 }],
        mute: true,
        unplugAtS: 1.5,
      },
    });
    expect(parseFaults(['buffer=4096', 'left-over=37', 'over-current=5', 'gain=-0.02'])).toEqual({
      ok: true,
      value: { outputLimitBytes: 4096, leftOverBytes: 37, overCurrentAtSample: 5, gainError: -0.02 },
    });
    expect(parseFaults(['over-current=5+20'])).toEqual({
      ok: true,
      value: { overCurrentAtSample: 5, overCurrentSamples: 20 },
    });
  });

  it.each([
    'over-current=5+0',
    'drop',
    'drop=2',
    'drop-run=5',
    'stall=1.5+2',
    'mute=1',
    'unplug=0',
    'explode=1',
    'gain=x',
    '',
  ])('%j is refused with the forms that are known', (word) => {
    expect(parseFaults([word])).toMatchObject({ ok: false, id: 'cli.bad-fault' });
  });
});
