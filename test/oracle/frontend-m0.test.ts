import { beforeAll, expect, it } from 'vitest';
import { Rng } from '../../src-main/base/rng.ts';
import { openFrontEnd, type FrontEnd } from '../../src-main/engine/frontend.ts';
import { buildM0FrontEnd, runFrame, type M0FrontEnd } from '../bench/m0-frontend.ts';
import { describeWith, needs } from '../needs.ts';

const frame = (at: (i: number) => number) =>
  Int16Array.from({ length: 480 }, (_, i) => Math.max(-32768, Math.min(32767, Math.round(at(i)))));

describeWith([needs.armGcc], 'front end on a Cortex-M0+', () => {
  let m0: M0FrontEnd;
  let host: FrontEnd;
  beforeAll(async () => {
    m0 = buildM0FrontEnd();
    host = await openFrontEnd();
  });

  it('gives the host’s coefficients bit for bit on noise of every level, tones, silence and extremes', () => {
    const rng = new Rng(1);
    const frames = [
      ...[1, 10, 100, 1000, 12000].map((level) => frame(() => level * rng.normal())),
      ...[60, 440, 3900].map((hz) => frame((i) => 30000 * Math.sin((2 * Math.PI * hz * i) / 16000))),
      frame(() => 0),
      frame(() => -32768),
      frame(() => 32767),
      frame((i) => (i % 2 ? 32767 : -32768)),
      frame((i) => (i === 240 ? -32768 : 0)),
    ];
    for (const samples of frames)
      expect([...runFrame(m0, samples).coefficients]).toEqual([...host.mfcc(samples)]);
  });

  it('fits the device: 8 KB of RAM for scratch, stack and a window, real time many times over at 125 MHz', () => {
    const rng = new Rng(2);
    const { cycles, stackBytes } = runFrame(
      m0,
      frame(() => 8000 * rng.normal()),
    );
    const scratchBytes = 4 * (512 + 40);
    expect(scratchBytes + stackBytes + 2 * 480 + 2 * 10).toBeLessThan(8192);
    expect(m0.imageBytes).toBeLessThan(8192);
    // a frame every 20 ms is 2.5 M cycles: a deterministic count in a zero-wait model, not a speed of this machine
    expect(cycles).toBeLessThan(250_000);
  });
});
