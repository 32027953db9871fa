import { describe, expect, it } from 'vitest';
import type { StreamRunEvent } from '../../../src-main/contract/index.ts';
import { exitCodeOf, exitCodes } from '../../../src-main/hosts/cli/exit-codes.ts';
import type { Output } from '../../../src-main/hosts/cli/output.ts';
import { levelBar, watchStream } from '../../../src-main/hosts/cli/stream-view.ts';

function recorder(): Output & { readonly notes: string[]; readonly drawn: string[] } {
  const notes: string[] = [];
  const drawn: string[] = [];
  return {
    ...{ notes, drawn, json: false },
    result: () => undefined,
    line: () => undefined,
    note: (line) => void notes.push(line),
    fail: () => 1,
    progress: (text, fraction) => void drawn.push(`${text} ${fraction ?? ''}`),
    endProgress: () => undefined,
  };
}

const detection: StreamRunEvent = {
  type: 'detection',
  detection: { label: 'yes', score: 0.876, windowIndex: 3, lastSample: 1, atUs: 12_345_678, twin: 'equal' },
};
const progress = (lostSamples: number): StreamRunEvent => ({
  type: 'progress',
  streamedUs: 5e6,
  durationUs: 10e6,
  levelDbfs: -30,
  lostSamples,
  droppedWindows: 0,
});

describe('the live view of a stream', () => {
  it('draws the level from −60 dBFS to full scale', () => {
    expect(levelBar(null)).toBe('▯'.repeat(12));
    expect(levelBar(-70)).toBe('▯'.repeat(12));
    expect(levelBar(-30)).toBe('▮'.repeat(6) + '▯'.repeat(6));
    expect(levelBar(0)).toBe('▮'.repeat(12));
    expect(levelBar(3)).toBe('▮'.repeat(12));
  });

  it('on a terminal draws one line with time, level, and what was lost', () => {
    const output = recorder();
    watchStream(output, true)(progress(17));
    expect(output.drawn).toHaveLength(1);
    expect(output.drawn[0]).toMatch(/^5\.00 s {2}▮{6}▯{6}.*lost 17 samples, 0 windows 0\.5$/);
  });

  it('elsewhere prints a line for each detection and gap, and nothing else', () => {
    const output = recorder();
    const watch = watchStream(output, false);
    watch(progress(0));
    watch(detection);
    watch({ type: 'gap', gap: { firstSample: 100, sampleCount: 50, cause: 'line' } });
    expect(output.drawn).toEqual([]);
    expect(output.notes).toEqual(['   12.35 s  yes  88 %', 'gap: 50 samples from 100 on (line)']);
  });

  it('of a model that detects nothing says each change of class, with the time its answer was there', () => {
    const output = recorder();
    const watch = watchStream(output, false);
    const plan = {
      ...{ classes: ['still', 'walking'], sampleRateHz: 50, detection: { ignored: ['still', 'walking'] } },
      ...{ source: { name: 'gen:imu', details: [] }, model: { name: 'har' }, targetId: 'pico' },
    };
    watch({ type: 'started', streamId: 1, plan } as unknown as StreamRunEvent);
    output.notes.length = 0;
    for (const [n, topClass] of [0, 0, 1, 0].entries())
      watch({
        type: 'window',
        window: { lastSample: 99 + 50 * n, topClass, topScore: 0.9, latencyUs: 60_000 },
      } as unknown as StreamRunEvent);
    expect(output.notes).toEqual([
      '    2.06 s  still 90 %',
      '    4.06 s  walking 90 %',
      '    5.06 s  still 90 %',
    ]);
  });

  it('ends with the exit code of what the user has to do', () => {
    expect(exitCodeOf({ id: 'stream.not-mono' })).toBe(exitCodes.badInput);
    expect(exitCodeOf({ id: 'stream.source-lost' })).toBe(exitCodes.hardware);
    expect(exitCodeOf({ id: 'stream.no-microphone' })).toBe(exitCodes.hardware);
    expect(exitCodeOf({ id: 'stream.recording-failed' })).toBe(exitCodes.storage);
    expect(exitCodeOf({ id: 'store.no-stream' })).toBe(exitCodes.badInput);
  });
});
