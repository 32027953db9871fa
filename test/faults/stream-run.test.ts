/** Stream runs on the emulated Pico when something goes away in the middle. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { orThrow } from '../../src-main/base/errors.ts';
import type { StreamRunEvent } from '../../src-main/contract/index.ts';
import { createCore, type Core } from '../../src-main/core.ts';
import { rescore } from '../../src-main/core/stream-score.ts';
import type { StreamRequest } from '../../src-main/core/stream.ts';
import type { Rig } from '../../src-main/core/rig.ts';
import { root } from '../needs.ts';

const dir = mkdtempSync(join(tmpdir(), 'mj-stream-faults-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const request = (extra: Partial<StreamRequest>): StreamRequest => ({
  modelPath: join(root, 'models/kws-syn.tflite'),
  targetId: 'pico-emulated',
  source: 'gen:kws',
  durationS: 6,
  seed: 1,
  frontEnd: 'auto',
  hopMs: 500,
  smoothingWindows: 1,
  threshold: 0.6,
  refractoryMs: 1000,
  baud: 921_600,
  recordDir: null,
  truthPath: null,
  monitor: false,
  supplyV: 3.3,
  ...extra,
});

async function withCore<T>(use: (core: Core) => Promise<T>): Promise<T> {
  await using core = orThrow(await createCore({ dbPath: ':memory:', tracesDir: dir }));
  return await use(core);
}

describe('a stream run on the emulated Pico', () => {
  it('goes on after its cable was pulled and plugged in again, every sample accounted for', async () => {
    await withCore(async (core) => {
      let rig: Rig | undefined;
      let pulled = false;
      const events: StreamRunEvent[] = [];
      const result = orThrow(
        await core.stream(
          request({}),
          { onRig: (r) => (rig = r) },
          {
            onEvent: (e) => {
              events.push(e);
              if (e.type !== 'progress' || e.streamedUs < 3_000_000 || pulled) return;
              pulled = true;
              rig!.unplug!('dut');
            },
          },
        ),
      );
      expect(result).toMatchObject({ status: 'finished', failure: null });
      expect(events.filter((e) => e.type === 'warning')).toHaveLength(1);
      expect(result.notes).toContain('the link was lost and opened again 1 times');
      // in virtual time the cable is back at once: what was under way may be lost, and then it is a gap
      const lost = result.gaps.reduce((n, g) => n + g.sampleCount, 0);
      const { counters } = result;
      expect(counters).toMatchObject({ samplesPushed: 96_000, gapSamples: lost, windowsDifferent: 0 });
      expect(counters.samplesTaken! + lost).toBe(96_000);
      expect(counters.windows).toBe(counters.windowsEqual);
      // and that is what the database says too
      expect(orThrow(core.store.streams.result(result.streamId))).toEqual(result);
    });
  }, 60_000);

  it('whose energy is measured ends with a lost cable: the failure, what came and its energy are kept', async () => {
    await withCore(async (core) => {
      let rig: Rig | undefined;
      let pulled = false;
      const result = orThrow(
        await core.stream(
          request({ monitor: true, recordDir: join(dir, 'pulled') }),
          { onRig: (r) => (rig = r) },
          {
            onEvent: (e) => {
              if (e.type !== 'progress' || e.streamedUs < 3_000_000 || pulled) return;
              pulled = true;
              rig!.unplug!('dut');
            },
          },
        ),
      );
      expect(result).toMatchObject({ status: 'failed', failure: { id: 'link.closed' } });
      expect(result.durationUs).toBeLessThan(4_000_000);
      // 0.99 s, then one every half second, the last perhaps on its way when the cable went
      expect(result.counters.windows).toBeGreaterThanOrEqual(4);
      expect(result.notes.join()).toMatch(/all figures are of that part only/);
      expect(result.energy!.energyUj).toBeGreaterThan(0);
      expect(result.energy!.durationUs).toBeGreaterThan(2_900_000);
      expect(orThrow(core.store.streams.result(result.streamId))).toEqual(result);
      // and the recording can be scored
      const settings = { threshold: null, smoothingWindows: null, refractoryMs: null, truthPath: null };
      const scored = rescore({ kind: 'recording', dir: join(dir, 'pulled') }, settings);
      expect(orThrow(scored)).toEqual(result.scores);
    });
  }, 60_000);

  it('says that the device does not keep up, and that a stream was too short for any window', async () => {
    await withCore(async (core) => {
      const late = orThrow(await core.stream(request({ durationS: 2, hopMs: 40 })));
      expect(late.notes.join()).toMatch(
        /does not keep up: a window takes it \d\d ms, one is due every 40 ms/,
      );
      const short = orThrow(await core.stream(request({ durationS: 0.5 })));
      expect(short.counters.windows).toBe(0);
      expect(short.notes.join()).toMatch(/shorter than one window \(0\.99 s\)/);
    });
  }, 60_000);

  it('a file that is taken away in mid-stream ends it with that failure, scored as far as it went', async () => {
    await withCore(async (core) => {
      const path = join(dir, 'taken.wav');
      const header = Buffer.alloc(44);
      header.write('RIFF', 0);
      header.writeUInt32LE(36 + 192_000, 4);
      header.write('WAVEfmt ', 8);
      header.writeUInt32LE(16, 16);
      header.writeUInt16LE(1, 20);
      header.writeUInt16LE(1, 22);
      header.writeUInt32LE(16_000, 24);
      header.writeUInt32LE(32_000, 28);
      header.writeUInt16LE(2, 32);
      header.writeUInt16LE(16, 34);
      header.write('data', 36);
      header.writeUInt32LE(192_000, 40);
      writeFileSync(path, Buffer.concat([header, Buffer.alloc(192_000)]));
      const truthPath = join(dir, 'taken.csv');
      writeFileSync(truthPath, 'yes,0.2,0.6\nno,4,4.5\n');
      let taken = false;
      const result = orThrow(
        await core.stream(
          request({ source: path, truthPath, durationS: null }),
          {},
          {
            onEvent: (e) => {
              if (e.type !== 'progress' || taken) return;
              taken = true;
              writeFileSync(path, 'gone');
            },
          },
        ),
      );
      expect(result).toMatchObject({ status: 'failed', failure: { id: 'stream.source-lost' } });
      expect(result.durationUs).toBeLessThan(4_000_000);
      expect(result.scores!.words).toMatchObject({
        truePositives: 0,
        falseNegatives: 0,
        excludedWords: 1,
      });
      expect(result.notes.join()).toMatch(/all figures are of that part only/);
    });
  }, 60_000);

  it.each([
    ['another kind of source', { source: 'gen:imu' }, 'stream.wrong-format'],
    ['a source that is not there', { source: 'nowhere.wav' }, 'stream.cannot-read'],
    ['a truth that is none', { truthPath: join(root, 'package.json') }, 'stream.truth-malformed'],
    ['a class that the model does not have', { ignored: ['banana'] }, 'stream.wrong-labels'],
    [
      'a model that takes no features',
      { modelPath: join(root, 'models/tiny-ad.tflite') },
      'stream.unknown-front-end',
    ],
  ])('%s is refused before the board is programmed', async (_, extra, id) => {
    await withCore(async (core) => {
      expect(await core.stream(request(extra))).toMatchObject({ ok: false, id });
      expect(orThrow(core.store.streams.list())).toEqual([]);
    });
  });
});
