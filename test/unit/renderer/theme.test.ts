import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { root } from '../../needs.ts';

const css = readFileSync(join(root, 'src-renderer/theme/tokens.css'), 'utf8').replace(
  /\/\*[\s\S]*?\*\//g,
  '',
);

/** Custom properties of the first block after a selector. */
function block(selector: string, from = 0): Record<string, string> {
  const at = css.indexOf('{', css.indexOf(selector, from));
  const body = css.slice(at + 1, css.indexOf('}', at));
  return Object.fromEntries(
    [...body.matchAll(/(--[\w-]+|color-scheme):\s*([^;]+);/g)].map((m) => [m[1]!, m[2]!.trim()]),
  );
}

const light = block(':root {');
const darkBySystem = block(":root:not([data-theme='light'])");
const darkByChoice = block(":root[data-theme='dark']");

/** WCAG 2.2 relative luminance and contrast ratio. */
function luminance(hex: string): number {
  const channels = [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16) / 255);
  const [r, g, b] = channels.map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
}
function contrast(a: string, b: string): number {
  const [high, low] = [luminance(a), luminance(b)].sort((x, y) => y - x);
  return (high! + 0.05) / (low! + 0.05);
}

const texts = ['--ink', '--muted', '--accent', '--good', '--warn', '--bad'] as const;
const sources = ['--measured-ink', '--emulated-ink', '--predicted-ink', '--published-ink'] as const;
const grounds = ['--paper', '--panel', '--raised'] as const;
const data = [1, 2, 3, 4, 5, 6, 7, 8].map((n) => `--data-${n}`);

describe('the contrast of black on white is 21', () => {
  it('as WCAG defines it', () => expect(contrast('#000000', '#ffffff')).toBeCloseTo(21, 10));
});

describe.each([
  ['light', light],
  ['dark', darkByChoice],
])('the %s theme', (_name, theme) => {
  it('keeps 4.5:1 for text on every ground', () => {
    for (const text of [...texts, ...sources])
      for (const ground of grounds)
        expect(contrast(theme[text]!, theme[ground]!), `${text} on ${ground}`).toBeGreaterThanOrEqual(4.5);
  });

  it('keeps 4.5:1 for text on its own soft ground and on the filled button', () => {
    for (const name of ['good', 'warn', 'bad', 'accent'])
      expect(contrast(theme[`--${name}`]!, theme[`--${name}-soft`]!), name).toBeGreaterThanOrEqual(4.5);
    expect(contrast(theme['--on-accent']!, theme['--accent']!)).toBeGreaterThanOrEqual(4.5);
    expect(contrast(theme['--ink']!, theme['--bad-soft']!)).toBeGreaterThanOrEqual(4.5);
    expect(contrast(theme['--muted']!, theme['--chrome']!)).toBeGreaterThanOrEqual(4.5);
  });

  it('keeps 3:1 for the frames of controls and for focus', () => {
    for (const name of ['--line-strong', '--focus'])
      for (const ground of grounds)
        expect(contrast(theme[name]!, theme[ground]!), `${name} on ${ground}`).toBeGreaterThanOrEqual(3);
  });

  it('has eight data colours, no two alike', () => {
    expect(new Set(data.map((d) => theme[d])).size).toBe(8);
  });
});

it('dark by the system and dark by choice are the same', () => expect(darkBySystem).toEqual(darkByChoice));

it('both themes set the same names', () => {
  expect(Object.keys(darkByChoice).sort()).toEqual(Object.keys(light).sort());
});
