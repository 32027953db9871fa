import { describe, expect, it } from 'vitest';
import { differenceChart } from '../../../src-main/chart/differences.ts';
import { histogramChart } from '../../../src-main/chart/histogram.ts';
import { miniStrip } from '../../../src-main/chart/mini-strip.ts';
import {
  operatorDifferences,
  operatorsDiffer,
  operatorStack,
} from '../../../src-main/chart/operator-charts.ts';
import { pairOperators } from '../../../src-main/chart/pair-operators.ts';
import { residualChart } from '../../../src-main/chart/residuals.ts';
import { agreementChart } from '../../../src-main/chart/scatter.ts';
import { stackedChart } from '../../../src-main/chart/stacked.ts';
import { tickLabel } from '../../../src-main/chart/svg.ts';

const count = (text: string, what: string) => text.split(what).length - 1;
const op = (index: number, kernel: string, value: number, plusMinus = 0) => ({
  index,
  kernel,
  name: `op${index}`,
  value,
  plusMinus,
  href: `#/graph?run=1&op=${index}`,
});

describe('operators of two plans', () => {
  const letters = (a: string, b: string) =>
    pairOperators([...a], [...b], (x) => x).map((p) => `${p.a ?? '-'}${p.b ?? '-'}`);

  it('are paired in order where they are alike', () => {
    expect(letters('cdcs', 'cdcs')).toEqual(['cc', 'dd', 'cc', 'ss']);
  });

  it('leave alone what only one of them has', () => {
    expect(letters('cdcs', 'ccs')).toEqual(['cc', 'd-', 'cc', 'ss']);
    expect(letters('', 'ab')).toEqual(['-a', '-b']);
    expect(letters('ab', 'xy').sort()).toEqual(['-x', '-y', 'a-', 'b-']);
  });

  it('match the longest sequence they have in common, as a textbook program finds it', () => {
    // LCS of ABCBDAB and BDCABA has 4 letters (Cormen et al.)
    expect(letters('ABCBDAB', 'BDCABA').filter((p) => p[0] === p[1])).toHaveLength(4);
  });
});

describe('stacked operators', () => {
  const runs = [
    { label: 'run 1', operators: [op(0, 'Conv', 300), op(1, 'Fc', 100)] },
    { label: 'run 2', operators: [op(0, 'Conv', 150), op(1, 'Fc', 50)] },
  ];

  it('are as long as their values, on one axis, in one colour a kernel, and lead to the graph', () => {
    const chart = operatorStack('t', 'cycles', runs);
    const boxes = [
      ...chart.matchAll(/<rect x="[\d.]+" y="[\d.]+" width="([\d.]+)" height="28" fill="([^"]+)"/g),
    ];
    expect(boxes.map((b) => Number(b[1]) / Number(boxes[3]![1]))).toEqual([
      expect.closeTo(6, 3),
      expect.closeTo(2, 3),
      expect.closeTo(3, 3),
      1,
    ]);
    expect(boxes[0]![2]).toBe(boxes[2]![2]);
    expect(boxes[0]![2]).not.toBe(boxes[1]![2]);
    expect(count(chart, 'href="#/graph?run=1&#38;op=0"')).toBe(2);
    expect(chart).toContain('run 1 400 cycles, 75 % of it 0 op0');
  });

  it('carry no style attribute: a strict page policy would drop it', () => {
    expect(operatorStack('t', 'µJ', runs)).not.toContain('style=');
  });

  it('text of a model stays text', () => {
    const chart = stackedChart({
      title: '<b>',
      axis: '<i>',
      kinds: ['<u>'],
      rows: [
        {
          label: '<s>',
          caption: '&',
          parts: [{ label: '<q>', value: 1, caption: '"', kind: 0, href: '"x' }],
        },
      ],
    });
    for (const bad of ['<b>', '<i>', '<u>', '<s>', '<q>', '""']) expect(chart).not.toContain(bad);
  });
});

describe('differences of operators', () => {
  it('say what is gone, new, more, less and the same', () => {
    const chart = operatorDifferences(
      't',
      'cycles',
      [op(0, 'Conv', 100), op(1, 'Pool', 7), op(2, 'Fc', 50)],
      [op(0, 'Conv', 80), op(1, 'Fc', 50), op(2, 'Softmax', 9)],
    );
    expect(chart).toContain('−20 (−20.0 %)');
    expect(chart).toContain('−7 (gone)');
    expect(chart).toContain('the same');
    expect(chart).toContain('+9 (new)');
  });

  it('a difference within what is uncertain is drawn hollow, with its width', () => {
    const row = { label: 'a', change: 2, caption: '' };
    expect(differenceChart({ title: 't', axis: '', rows: [{ ...row, uncertain: 1 }] })).not.toContain(
      'stroke-dasharray',
    );
    const unsure = differenceChart({ title: 't', axis: '', rows: [{ ...row, uncertain: 3 }] });
    expect(unsure).toContain('fill="none"');
    expect(unsure).toContain('0 less, 0 more, 1 the same or not to be told');
  });

  it('without any change there is an axis and no nonsense on it', () => {
    const same = [op(0, 'Conv', 100)];
    expect(operatorsDiffer(same, same)).toBe(false);
    expect(operatorsDiffer(same, [op(0, 'Conv', 101)])).toBe(true);
    expect(operatorDifferences('t', 'cycles', same, same)).not.toMatch(/e−|NaN|Infinity/);
  });
});

describe('residuals', () => {
  const chart = (limit?: number) =>
    residualChart({
      title: 't',
      band: 0.1,
      ...(limit === undefined ? {} : { limit }),
      rows: [
        {
          label: 'Conv',
          kind: 0,
          points: [
            { residual: 0.05, label: 'a', href: '#/a' },
            { residual: 1.6, label: 'b' },
            { residual: NaN, label: 'c' },
          ],
        },
      ],
    });

  it('errors beyond the limit stand at the edge with their figure', () => {
    expect(count(chart(), '<circle')).toBe(2);
    expect(count(chart(0.5), '<circle')).toBe(1);
    expect(chart(0.5)).toContain('+160 %');
    expect(chart(0.5)).not.toContain('NaN');
  });

  it('says how many lie within the band', () => {
    expect(chart()).toContain('1 of 2 operators are predicted within ±10 %');
  });
});

describe('small charts', () => {
  it('points of the scatter lead where they are told to; none at all give an empty chart', () => {
    const s = { title: 't', xAxis: 'x', yAxis: 'y', band: 0.1 };
    expect(agreementChart({ ...s, points: [{ x: 1, y: 2, label: 'p', href: '#/g' }] })).toContain(
      '<a href="#/g"',
    );
    expect(agreementChart({ ...s, points: [] })).not.toMatch(/NaN|Infinity/);
  });

  it('a strip without spread puts its dots in the middle', () => {
    const strip = miniStrip({
      title: 't',
      summary: '',
      points: [{ value: 5 }, { value: 5 }],
      low: 5,
      high: 5,
    });
    expect([...strip.matchAll(/cx="([\d.]+)"/g)].map((m) => Number(m[1]))).toEqual([60, 60]);
  });

  it('bars of a histogram are in the ratio of the counts', () => {
    const drawn = histogramChart({ title: 't', axis: 'v', from: -2, binWidth: 1, bins: [0, 4, 2] });
    const heights = [...drawn.matchAll(/height="([\d.]+)" fill/g)].map((m) => Number(m[1]));
    expect(heights).toHaveLength(2);
    expect(heights[0]! / heights[1]!).toBeCloseTo(2, 2);
  });

  it('labels are told apart and have a minus sign', () => {
    expect(tickLabel(-300)).toBe('−300');
    expect([13_443, 13_443.5].map((v) => tickLabel(v, 0.5))).toEqual(['13443', '13443.5']);
  });
});
