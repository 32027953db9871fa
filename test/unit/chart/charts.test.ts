import { describe, expect, it } from 'vitest';
import { barChart } from '../../../src-main/chart/bars.ts';
import { envelopeChart } from '../../../src-main/chart/envelope.ts';
import { agreementChart } from '../../../src-main/chart/scatter.ts';
import { stripChart } from '../../../src-main/chart/strip.ts';
import { niceTicks, tickLabel } from '../../../src-main/chart/svg.ts';

const count = (text: string, what: string) => text.split(what).length - 1;

describe('charts', () => {
  it('ticks are 1, 2 or 5 times a power of ten and stay inside', () => {
    expect(niceTicks(0, 10, 5)).toEqual([0, 2, 4, 6, 8, 10]);
    expect(niceTicks(0.13, 0.37, 4)).toEqual([0.2, 0.3]);
    expect(niceTicks(3, 3, 4)).toEqual([3]);
  });

  it('labels thousands and millions', () => {
    expect([950, 12_500, 2_656_768].map((v) => tickLabel(v))).toEqual(['950', '12.5k', '2.657M']);
  });

  it('text from a model cannot leave its element', () => {
    const chart = barChart({
      title: 'x',
      axis: 'cycles',
      bars: [{ label: '"><script>alert(1)</script>', value: 1, caption: '1' }],
    });
    expect(chart).not.toContain('<script');
  });

  it('bar lengths are in the ratio of the values', () => {
    const chart = barChart({
      title: 't',
      axis: 'a',
      bars: [
        { label: 'a', value: 100, caption: '' },
        { label: 'b', value: 25, caption: '' },
      ],
    });
    const widths = [...chart.matchAll(/<rect x="190"[^>]* width="([\d.]+)"/g)].map((m) => Number(m[1]));
    expect(widths[0]! / widths[1]!).toBeCloseTo(4, 6);
  });

  it('a gap in the samples is a gap in the band', () => {
    const e = { title: 't', xAxis: 's', yAxis: 'mA', fromX: 0, toX: 1 };
    const whole = envelopeChart({ ...e, min: [1, 1, 1, 1, 1], max: [2, 2, 2, 2, 2] });
    const gapped = envelopeChart({ ...e, min: [1, 1, NaN, 1, 1], max: [2, 2, NaN, 2, 2] });
    expect(count(whole, 'Z"') + count(whole, 'ZM')).toBe(1);
    expect(count(gapped, 'Z"') + count(gapped, 'ZM')).toBe(2);
    expect(gapped).not.toContain('NaN');
  });

  it('identical windows still get an axis, excluded ones a cross', () => {
    const chart = stripChart({
      title: 't',
      axis: 'ms',
      rows: [
        {
          label: 'latency',
          points: [
            { value: 5, caption: '' },
            { value: 5, caption: '', excluded: true },
          ],
        },
      ],
    });
    expect(chart).not.toContain('NaN');
    expect(count(chart, '<circle')).toBe(1);
    expect(count(chart, '<path')).toBe(1);
  });

  it('says how many predictions lie within the band', () => {
    const chart = agreementChart({
      title: 't',
      xAxis: 'p',
      yAxis: 'm',
      band: 0.1,
      points: [
        { x: 100, y: 105, label: '' },
        { x: 100, y: 150, label: '' },
      ],
    });
    expect(chart).toContain('1 of 2 points lie within ±10 %');
  });
});
