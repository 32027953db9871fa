import { describe, expect, it } from 'vitest';
import type { Quantity } from '../../../src-main/contract/index.ts';
import { diagnosticsText, factName } from '../../../src-renderer/widgets/failure-text.ts';
import { quantityDetails } from '../../../src-renderer/widgets/quantity-details.ts';
import { sourceTexts } from '../../../src-renderer/widgets/source-texts.ts';

const quantity: Quantity = {
  value: 12_410,
  unit: 'us',
  source: 'measured',
  n: 5,
  interval: { method: 't', confidence: 0.95, low: 12_350, high: 12_470 },
  systematic: {
    combined: 'linear',
    plusMinus: 40,
    parts: [{ cause: 'timer resolution', plusMinus: 40, basis: 'one µs an end' }],
  },
  derivedFrom: {
    formula: 'duration / inferences',
    runId: 3,
    windows: [0, 1, 4],
    firmwareHash: '8860c508',
    programHash: null,
    modelSha256: 'e'.repeat(64),
    monitor: { kind: 'ppk2', serial: 'E1', calibration: 'device:1a2b3c4d' },
    traceIds: ['t-1'],
    assumptions: ['none'],
  },
};

describe('where a number came from', () => {
  const rows = Object.fromEntries(quantityDetails(quantity).map((r) => [r.label, r.text]));

  it('names source, repetitions, both uncertainties, run, windows, monitor and hashes', () => {
    expect(rows.Source).toBe(`measured. ${sourceTexts.measured}`);
    expect(rows.Repetitions).toBe('5');
    expect(rows.Statistical).toBe('± 0.06 (95 %, t), t interval on the window means');
    expect(rows.Systematic).toBe(
      '± 0.04 systematic; parts added linearly (a bound): timer resolution ± 40 us (one µs an end)',
    );
    expect(rows.Run).toBe('run 3, windows 1, 2, 5');
    expect(rows.Monitor).toBe('ppk2 E1, calibration device:1a2b3c4d');
    expect(rows.Firmware).toBe('8860c508');
    expect(rows.Model).toBe('e'.repeat(16));
  });

  it('leaves out what is not known, and says deterministic once', () => {
    const bare = quantityDetails({
      ...quantity,
      interval: { method: 'deterministic', confidence: null, low: 12_410, high: 12_410 },
      systematic: null,
      derivedFrom: { ...quantity.derivedFrom, runId: null, monitor: null, traceIds: [], assumptions: [] },
    });
    expect(bare.map((r) => r.label)).not.toContain('Run');
    expect(bare.find((r) => r.label === 'Statistical')?.text).toBe(
      'deterministic: all repetitions were identical',
    );
  });
});

describe('diagnostics', () => {
  it('have id, every fact with its unit, cause, next step and version', () => {
    const text = diagnosticsText(
      {
        id: 'device.no-reply',
        facts: { port: '/dev/ttyACM0', waitedMs: 2000, tried: [9600, 115_200] },
        cause: 'c',
        next: 'n',
      },
      { version: '0.1.0', host: 'web', userAgent: 'UA' },
    );
    expect(text.split('\n')).toEqual([
      'id: device.no-reply',
      'port: /dev/ttyACM0',
      'waitedMs: 2000',
      'tried: 9600, 115200',
      'cause: c',
      'next: n',
      'microjoule: 0.1.0 (web)',
      'page: UA',
    ]);
  });

  it('names of facts are words with their unit last', () => {
    expect(factName('waitedMs')).toBe('waited ms');
    expect(factName('port')).toBe('port');
  });
});
