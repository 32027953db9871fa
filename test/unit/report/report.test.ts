import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { formatQuantity, formatSignedPercent } from '../../../src-main/contract/format-quantity.ts';
import { csv, profilesTable, rowObjects, runsTable } from '../../../src-main/report/csv.ts';
import { reportHtml } from '../../../src-main/report/html.ts';
import { ReportDocument, reportJson, reportJsonSchema } from '../../../src-main/report/json.ts';
import { layerSentence, layerTable } from '../../../src-main/report/layers.ts';
import { reportMarkdown } from '../../../src-main/report/markdown.ts';
import { buildReport } from '../../../src-main/report/report-model.ts';
import { windowEnergyColumn } from '../../../src-main/contract/window-energy.ts';
import { root } from '../../needs.ts';
import { quantity, runFixture } from './run-fixture.ts';

const model = buildReport({
  generator: 'Microjoule 0.0.0',
  system: [['Board Name', 'Raspberry Pi Pico']],
  runs: [runFixture()],
  powerTraces: [{ runId: 1, fromS: 0, toS: 1, minMa: [9, NaN, 24], maxMa: [10, NaN, 25], regions: [] }],
});

describe('quantities in print', () => {
  it('are never finer than their uncertainty, the two kinds apart', () => {
    const q = runFixture().energyPerInference!;
    expect(formatQuantity(q).line).toBe('12900 µJ/inf ± 6 (95 %, t) ± 400 systematic');
  });

  it('say "deterministic" instead of ± 0', () => {
    expect(formatQuantity(quantity({ value: 161_451.6, unit: 'us' })).line).toBe('161.4516 ms deterministic');
  });

  it('residuals carry their sign', () => {
    expect([0.0104, -0.034, 0].map((r) => formatSignedPercent(r))).toEqual(['+1.0 %', '−3.4 %', '+0.0 %']);
  });

  it('shares are percent', () => {
    const q = quantity({
      value: 0.902,
      unit: 'fraction',
      interval: { method: 'wilson', confidence: 0.95, low: 0.872, high: 0.925 },
    });
    expect(formatQuantity(q).value).toBe('90.2 %');
  });
});

describe('report', () => {
  const html = reportHtml(model);

  it('is one file without script, link or foreign address', () => {
    expect(html).not.toMatch(/<script|<link|src=|@import|url\(/);
    expect(
      html.match(/https?:\/\/[^"\s<]+/g)?.filter((u) => u !== 'http://www.w3.org/2000/svg') ?? [],
    ).toEqual([]);
  });

  it('shows names from a model as text', () => {
    expect(html).toContain('&#60;script&#62;alert(1)');
  });

  it('says that the figures are emulated, why the run is not valid, and which window was excluded', () => {
    expect(html).toContain('no figures of silicon');
    expect(html).toContain('2 windows counted');
    expect(html).toContain('excluded: monitor.gone');
  });

  it('carries its machine-readable self, which parses to the same document', () => {
    const pre = /<pre id="microjoule-report">([\s\S]*?)<\/pre>/.exec(html)![1]!;
    const text = pre.replace(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code)));
    const parsed = ReportDocument.parse(JSON.parse(text));
    expect(parsed.runs[0]!.energyPerInference!.value).toBe(12_905.4321);
    expect(parsed).toEqual(ReportDocument.parse(JSON.parse(reportJson(model))));
  });

  it('gaps of the current stay gaps', () => {
    expect(html).not.toContain('NaN');
  });

  it('Markdown has the same figures', () => {
    const md = reportMarkdown(model);
    expect(md).toContain(
      '| Energy per inference (median, gross) | 12900 µJ/inf | ± 6 (95 %, t) | ± 400 | emulated |',
    );
    expect(md).toContain('device = host: equal on 3 of 3; not checked against TFLM');
  });

  it('the committed JSON Schema is the one of the code', () => {
    expect(readFileSync(join(root, 'docs/report.schema.json'), 'utf8')).toBe(reportJsonSchema());
  });
});

describe("the windows' energies", () => {
  const uJ = (values: readonly number[]) =>
    runFixture({
      windows: runFixture()
        .windows.slice(0, values.length)
        .map((w, i) => ({
          ...w,
          status: 'finished' as const,
          energy: { ...w.energy!, energyUj: values[i]! * w.inferences, statisticalUj: null },
        })),
    });

  it('have the digits in which they differ, and the common bound in the head', () => {
    // differ by 8.5 (one sigma): a place of ones; 387 of 12905.4 is 3.0 %
    const column = windowEnergyColumn(uJ([13_076.2634, 13_064.2634]));
    expect(column.head).toBe('µJ/inf (± 3 % systematic, common)');
    expect(column.cells).toEqual(['13076', '13064']);
    expect(windowEnergyColumn(uJ([13_076.2634, 13_106.5])).cells).toEqual(['13076', '13107']);
    expect(windowEnergyColumn(uJ([13_076.2634, 13_376.5])).cells).toEqual(['13080', '13380']);
  });

  it('have no more digits than the bound where they do not differ', () => {
    expect(windowEnergyColumn(uJ([13_076.2634, 13_076.2634])).cells).toEqual(['13100', '13100']);
    expect(windowEnergyColumn(uJ([13_076.2634])).cells).toEqual(['13100']);
  });

  it('stand so in the report', () => {
    const html = reportHtml(
      buildReport({ generator: 'test', system: [], runs: [uJ([13_076.2634, 13_064.2634])], powerTraces: [] }),
    );
    expect(html).toContain('Energy, µJ/inf (± 3 % systematic, common)');
    expect(html).toContain('>13076<');
    expect(html).not.toContain('13076.26<');
  });
});

describe('CSV', () => {
  it('keeps decimals with a point and quotes what needs it', () => {
    expect(
      csv(
        ['a', 'b'],
        [
          ['x,"y"', 1.5],
          ['=HYPERLINK()', null],
        ],
      ),
    ).toBe('a,b\n"x,""y""",1.5\n\'=HYPERLINK(),\n');
  });

  it('has one row a run and one an operator, with source', () => {
    expect(runsTable([runFixture()]).rows).toHaveLength(1);
    const table = profilesTable([runFixture()]);
    const rows = csv(table.head, table.rows).trim().split('\n');
    expect(rowObjects(table)[0]).toMatchObject({
      run: 1,
      kernel: 'Conv2dS8',
      cycles: 4_000_000,
      predicted_cycles: 3_900_000,
    });
    expect(rows).toHaveLength(3);
    expect(rows[1]).toBe(
      '1,kws-syn,pico-emulated,emulated,0,Conv2dS8,<script>alert(1)</script>,320000,4000000,3900000,,,,,',
    );
  });
});

describe('energy per layer', () => {
  const layer = {
    index: 0,
    energyUj: 1939.04,
    netUj: 1199.71,
    durationUs: 21_154,
    meanCurrentA: 0.02778,
    inferences: 28,
    statisticalUj: 0.2,
    plusMinusUj: 1.04,
    commonUj: 213,
  };
  const run = runFixture({
    layerEnergies: [layer, { ...layer, index: 1, energyUj: 4.02, plusMinusUj: 0.9, meanCurrentA: null }],
  });

  it('prints no finer than what may be shifted between neighbours, and says what is common', () => {
    const layers = layerTable(run)!;
    expect(layers.rows.map((r) => r.energy)).toEqual(['1939.0 ± 1.0', '4.0 ± 0.9']);
    expect(layers.rows.map((r) => r.current)).toEqual(['27.78', '—']);
    expect(layerSentence(layers)).toContain('±22 %');
  });

  it('is in HTML, Markdown and CSV', () => {
    const model = buildReport({ generator: 'test', system: [], runs: [run], powerTraces: [] });
    expect(reportHtml(model)).toContain('<h2>Energy per layer</h2>');
    expect(reportMarkdown(model)).toMatch(/## Energy per layer[^]*1939\.0 ± 1\.0/);
    expect(rowObjects(profilesTable([run]))[0]).toMatchObject({ energy_uj: 1939.04, energy_common_uj: 213 });
    expect(layerTable(runFixture())).toBeNull();
  });
});
