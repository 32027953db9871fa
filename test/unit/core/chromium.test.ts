import { chmodSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { orThrow } from '../../../src-main/base/errors.ts';
import { chromiumPrinter, findChromium } from '../../../src-main/core/chromium.ts';
import { buildReport } from '../../../src-main/report/report-model.ts';
import { reportHtml } from '../../../src-main/report/html.ts';
import { describeWith, needs } from '../../needs.ts';
import { pdfText } from '../../pdf-text.ts';
import { runFixture } from '../report/run-fixture.ts';

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'mj-chromium-'));
});
afterAll(() => rmSync(dir, { recursive: true }));

/** A program that does what the script says. */
function program(name: string, script: string): string {
  const path = join(dir, name);
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
  return path;
}

const leftBehind = () => readdirSync(tmpdir()).filter((n) => n.startsWith('microjoule-pdf-'));

describe('the browser that prints', () => {
  it('is found on the PATH by any of its names', () => {
    const chrome = program('google-chrome', 'exit 0');
    expect(findChromium({ PATH: `/nowhere:${dir}` })).toEqual({ ok: true, value: chrome });
  });

  it('is the one that was named, or none', () => {
    const own = program('own', 'exit 0');
    expect(orThrow(findChromium({ MICROJOULE_CHROMIUM: own, PATH: dir }))).toBe(own);
    expect(findChromium({ MICROJOULE_CHROMIUM: join(dir, 'gone'), PATH: dir })).toMatchObject({
      ok: false,
      id: 'report.no-chromium',
      cause: 'MICROJOULE_CHROMIUM does not name a program.',
    });
  });

  it('that is not there is a failure with a way out', () => {
    const missing = findChromium({ PATH: '/nowhere' });
    expect(missing).toMatchObject({ ok: false, id: 'report.no-chromium' });
    expect(missing.ok ? '' : missing.next).toContain('MICROJOULE_CHROMIUM');
  });

  it('that fails, makes nothing, or makes something else tells what it said and leaves nothing behind', async () => {
    const before = leftBehind();
    const scripts = [
      'echo no display >&2; exit 3',
      'exit 0',
      'for a; do case $a in --print-to-pdf=*) echo hello > "${a#*=}";; esac; done',
    ];
    const said = await Promise.all(
      scripts.map((script, i) => chromiumPrinter(program(`bad${i}`, script))('<p>hello')),
    );
    expect(said.map((r) => !r.ok && r.id)).toEqual(scripts.map(() => 'report.pdf-failed'));
    expect(said[0]).toMatchObject({ facts: { code: 3, said: 'no display\n' } });
    expect(await chromiumPrinter(join(dir, 'gone'))('<p>')).toMatchObject({ ok: false, facts: { code: -1 } });
    expect(leftBehind()).toEqual(before);
  });

  it('that hangs is stopped', async () => {
    const hangs = await chromiumPrinter(program('hangs', 'exec sleep 60'), 50)('<p>');
    expect(hangs).toMatchObject({ ok: false, id: 'report.pdf-failed', facts: { code: 'stopped' } });
  });
});

describeWith([needs.chromium], 'a PDF by the Chromium of this computer', () => {
  it('is the report: title, figures, method as text on its pages, and no folded JSON', async () => {
    const html = reportHtml(
      buildReport({ generator: 'Microjoule 0', system: [['Board Name', 'Pico']], runs: [runFixture()] }),
    );
    const pdf = orThrow(await chromiumPrinter(orThrow(findChromium()))(html));
    const { pages, text } = pdfText(pdf);
    expect(Buffer.from(pdf.subarray(0, 5)).toString()).toBe('%PDF-');
    expect(pages).toBeGreaterThanOrEqual(2);
    expect(pages).toBeLessThanOrEqual(5);
    const plain = text.replace(/\s+/g, ' ');
    for (const said of [
      'kws-syn on Raspberry Pi Pico (emulated)',
      '161.4516 ms',
      'Run rules (MLPerf Tiny)',
      'Trust',
    ])
      expect(plain).toContain(said);
    expect(plain).not.toContain('"generator"');
  }, 60_000);
});
