import { describe, expect, it } from 'vitest';
import { createPpk2Twin, type Ppk2TwinOptions } from '../../../src-main/sim/monitors/ppk2-twin.ts';
import { deviceTable } from '../../../src-main/sim/monitors/ppk2-device-table.ts';

/** The transfer function, written down once more from the wire description. */
function amperes(word: number, volts: number): number {
  const range = (word >>> 14) & 7;
  const t = deviceTable;
  const x = (((word & 0x3fff) * 4 - t.zeroCount[range]!) * 1.8) / 163_840 / t.shuntOhm[range]!;
  return x * (t.gainSlope[range]! * x + t.gain[range]!) + t.supplySlope[range]! * volts + t.offsetA[range]!;
}

function wordsOf(bytes: Uint8Array | undefined): number[] {
  if (!bytes) return [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: bytes.length >> 2 }, (_, i) => view.getUint32(4 * i, true));
}

function streaming(options: Ppk2TwinOptions = {}) {
  const twin = createPpk2Twin({ noiseLsb: 0, ...options });
  twin.receive(Uint8Array.of(0x0d, 3300 >> 8, 3300 & 255, 0x06));
  return twin;
}

const rangeOf = (w: number) => (w >>> 14) & 7;
const STEP_A = [43.8e-9, 0.43e-6, 4.3e-6, 46e-6, 0.78e-3];

describe('the emulated PPK2', () => {
  it.each([
    [1e-6, 0],
    [200e-6, 1],
    [2e-3, 2],
    [30e-3, 3],
    [0.3, 4],
  ])('shows %s A in range %s to half a converter step', (currentA, range) => {
    const twin = streaming();
    twin.current(0, currentA, 0);
    twin.advanceTo(1000);
    const words = wordsOf(twin.takeOutput());
    expect(words.length).toBe(100);
    for (const w of words) {
      expect(rangeOf(w)).toBe(range);
      expect(Math.abs(amperes(w, 3.3) - currentA)).toBeLessThan(0.55 * STEP_A[range]!);
    }
  });

  it('with noise the mean of many samples is finer than a step', () => {
    const twin = streaming({ noiseLsb: 1, seed: 3 });
    twin.current(0, 10.0123e-3, 0);
    twin.advanceTo(1_000_000);
    const words = wordsOf(twin.takeOutput());
    const mean = words.reduce((sum, w) => sum + amperes(w, 3.3), 0) / words.length;
    expect(Math.abs(mean - 10.0123e-3)).toBeLessThan(STEP_A[3]! / 100);
  });

  it('a sample is the mean current of its 10 µs, its logic that of their middle', () => {
    const twin = streaming();
    twin.current(0, 10e-3, 0);
    twin.current(1002.5, 50e-3, 1);
    twin.current(1016, 10e-3, 2);
    twin.advanceTo(2000);
    const words = wordsOf(twin.takeOutput());
    expect(amperes(words[100]!, 3.3)).toBeCloseTo(0.25 * 10e-3 + 0.75 * 50e-3, 4);
    expect(amperes(words[101]!, 3.3)).toBeCloseTo(0.6 * 50e-3 + 0.4 * 10e-3, 4);
    expect(words.slice(99, 103).map((w) => w >>> 24)).toEqual([0, 1, 1, 2]);
  });

  it('does not depend on how time is sliced', () => {
    const run = (slice: number) => {
      const twin = streaming({ noiseLsb: 1 });
      const steps = [
        [0, 5e-3],
        [3_333.3, 40e-3],
        [7_001, 20e-6],
      ] as const;
      let next = 0;
      for (let t = 0; t <= 10_000; t += slice) {
        while (next < steps.length && steps[next]![0] <= t)
          twin.current(steps[next]![0], steps[next++]![1], 0);
        twin.advanceTo(t);
      }
      twin.advanceTo(10_000);
      return wordsOf(twin.takeOutput());
    };
    const whole = run(10_000);
    expect(whole.length).toBe(1000);
    for (const slice of [1, 7, 333]) expect(run(slice)).toEqual(whole);
  });

  it('counts modulo 64, also over dropped samples', () => {
    const twin = streaming({ faults: { dropSamples: new Set([70, 71]) } });
    twin.advanceTo(2000);
    const counters = wordsOf(twin.takeOutput()).map((w) => (w >>> 18) & 63);
    expect(counters.slice(0, 3)).toEqual([0, 1, 2]);
    expect(counters.slice(68, 72)).toEqual([4, 5, 8, 9]);
    expect(twin.counts).toEqual({ produced: 200, dropped: 2 });
  });

  it('loses bytes on the wire where it is told to', () => {
    const twin = streaming({ faults: { loseBytes: new Set([5]) } });
    twin.advanceTo(1000);
    expect(twin.takeOutput()!.length).toBe(399);
  });

  it('goes up a range at once and down with a little hysteresis', () => {
    const twin = streaming();
    for (const [k, a] of [4.9e-3, 5.1e-3, 4.9e-3, 4.4e-3].entries()) twin.current(k * 1000, a, 0);
    twin.advanceTo(4000);
    const ranges = wordsOf(twin.takeOutput()).map(rangeOf);
    expect([50, 150, 250, 350].map((i) => ranges[i])).toEqual([2, 3, 3, 2]);
  });

  it('powers the board: regulator in source mode, the outer supply in ampere-meter mode, nothing after a reset', () => {
    const calls: [boolean, number][] = [];
    const twin = createPpk2Twin({
      power: { setPower: (on, v) => void calls.push([on, v]) },
      externalVolts: 5,
    });
    twin.receive(Uint8Array.of(0x11, 2, 0x0d, 3000 >> 8, 3000 & 255));
    // a command may come in pieces
    twin.receive(Uint8Array.of(0x0c));
    twin.receive(Uint8Array.of(1, 0x11, 1, 0x20));
    expect(calls).toEqual([
      [true, 3],
      [true, 5],
      [false, 5],
    ]);
  });

  it('prints its table, a stored user gain and the set voltage', () => {
    const gain = new Uint8Array(6);
    gain.set([0x25, 2]);
    new DataView(gain.buffer).setFloat32(2, 1.5, true);
    const twin = createPpk2Twin();
    twin.receive(Uint8Array.of(0x0d, 2800 >> 8, 2800 & 255, ...gain, 0x19));
    const text = new TextDecoder().decode(twin.takeOutput());
    expect(text).toMatch(/^Calibrated: 0\nR0: 1003\.3506\n/);
    expect(text).toContain('\nUG2: 1.5\n');
    expect(text).toContain('\nVDD: 2800\n');
    expect(text).toMatch(/\nEND\n$/);
  });
});
