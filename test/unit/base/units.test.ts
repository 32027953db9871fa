import { describe, expect, it } from 'vitest';
import { formatBytes, formatDuration, formatSi } from '../../../src-main/base/units.ts';

describe('plain numbers as text', () => {
  it.each([
    [0.0124, 'A', '12.4 mA'],
    [125_000_000, 'Hz', '125 MHz'],
    [0.9997, 's', '1 s'],
    [999.7, 's', '1 ks'],
    [0, 'A', '0 A'],
    [-2.5e-7, 'A', '-250 nA'],
    [3e-15, 'A', '0.003 pA'],
    [7, 'V', '7 V'],
  ])('%d %s → %s', (value, unit, text) => expect(formatSi(value, unit)).toBe(text));

  it.each([
    [0, '0 B'],
    [1023, '1023 B'],
    [1536, '1.5 KiB'],
    [1024 * 1024 - 1, '1 MiB'],
    [216 * 1024, '216 KiB'],
  ])('%d bytes → %s', (bytes, text) => expect(formatBytes(bytes)).toBe(text));

  it.each([
    [0.04, '0 s'],
    [2.345, '2.3 s'],
    [9.97, '10 s'],
    [59.6, '1 min'],
    [90, '1 min 30 s'],
    [3599.6, '1 h'],
    [7500, '2 h 5 min'],
    [37_800, '10 h 30 min'],
  ])('%d seconds → %s', (s, text) => expect(formatDuration(s)).toBe(text));

  it('refuses what is no number', () => {
    expect(() => formatSi(NaN, 'A')).toThrow();
    expect(() => formatBytes(-1)).toThrow();
    expect(() => formatDuration(Infinity)).toThrow();
  });
});
