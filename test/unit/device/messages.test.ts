import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Rng } from '../../../src-main/base/rng.ts';
import { cleanLine, parseLine, type DutMessage } from '../../../src-main/device/messages.ts';
import { describeWith, needs, sharedDir } from '../../needs.ts';

const parse = (line: string): DutMessage[] => parseLine(cleanLine(line));

describe('lines of the dialect', () => {
  const table: [string, DutMessage][] = [
    ['m-timestamp-mode-performance', { kind: 'timestamp-mode', mode: 'performance' }],
    ['m-timestamp-mode-energy', { kind: 'timestamp-mode', mode: 'energy' }],
    ['m-lap-us-813234243', { kind: 'lap', counterUs: 813234243 }],
    ['m-lap-us-4294967295', { kind: 'lap', counterUs: 4294967295 }],
    ['m-init-done', { kind: 'init-done' }],
    ['m-ready', { kind: 'ready' }],
    ['m-name-dut-[unspecified]', { kind: 'name', vendor: 'unspecified' }],
    [
      'm-profile-[ULPMark for tinyML Firmware V0.0.1]',
      { kind: 'profile', profile: 'ULPMark for tinyML Firmware V0.0.1' },
    ],
    ['m-model-[kws01]', { kind: 'model', model: 'kws01' }],
    ['m-[Expecting 490 bytes]', { kind: 'expecting', bytes: 490 }],
    ['m-load-done', { kind: 'load-done' }],
    ['m-buffer-01-0a-FF', { kind: 'buffer', bytes: Uint8Array.of(1, 10, 255) }],
    ['m-warmup-start-2', { kind: 'warmup-start', count: 2 }],
    ['m-warmup-done', { kind: 'warmup-done' }],
    ['m-infer-start-100', { kind: 'infer-start', count: 100 }],
    ['m-infer-done', { kind: 'infer-done' }],
    ['m-results-[0.000,0.996,0.004]', { kind: 'results', values: [0, 0.996, 0.004] }],
    ['m-results-[11.772]', { kind: 'results', values: [11.772] }],
    ['m-results-[ 0.5, -1, 1e-3, ]', { kind: 'results', values: [0.5, -1, 0.001] }],
    ['m-results-[0.1,0.', { kind: 'results', values: null }],
    ['m-results-[0.1,x]', { kind: 'results', values: null }],
    ['m-mj-id-[abi=1,fw=ab]', { kind: 'mj', word: 'id', body: 'abi=1,fw=ab' }],
    ['m-mj-load-done-[00ff00ff]', { kind: 'mj', word: 'load-done', body: '00ff00ff' }],
    ['m-mj-reset', { kind: 'mj', word: 'reset', body: null }],
    ['m-dut-passthrough(db load 490)', { kind: 'passthrough', command: 'db load 490' }],
    ["e-[Command 'db load' must be >0 bytes]", { kind: 'error', text: "Command 'db load' must be >0 bytes" }],
    ['e-[Insufficent number of hex digits]', { kind: 'error', text: 'Insufficent number of hex digits' }],
    ['e-[Unknown command: m-ready]', { kind: 'error', text: 'Unknown command: m-ready' }],
    [
      'Supplied buffer size 30000 exceeds maximum of 27648',
      { kind: 'error', text: 'Supplied buffer size 30000 exceeds maximum of 27648' },
    ],
    ['got ack from dsp', { kind: 'noise', text: 'got ack from dsp' }],
    ['m-lap-us-99999999999', { kind: 'noise', text: 'm-lap-us-99999999999' }],
  ];
  it.each(table)('%s', (line, message) => {
    expect(parse(`${line}\r`)).toEqual([message]);
  });

  it('are found behind an echo, behind debug text without a line end, and behind each other', () => {
    expect(parse('timestampm-lap-us-60123248')).toEqual([
      { kind: 'noise', text: 'timestamp' },
      { kind: 'lap', counterUs: 60123248 },
    ]);
    expect(parse('profile%m-profile-[x]')[1]).toEqual({ kind: 'profile', profile: 'x' });
    expect(parse('th_load_tensor starting at 0m-warmup-start-1')[1]).toEqual({
      kind: 'warmup-start',
      count: 1,
    });
    expect(parse('dut: m-ready')[1]).toEqual({ kind: 'ready' });
    expect(parse('m-load-donem-ready').map((m) => m.kind)).toEqual(['load-done', 'ready']);
    expect(parse('m-infer-donerGI[0.1,0.2]')).toEqual([
      { kind: 'infer-done' },
      { kind: 'noise', text: 'rGI[0.1,0.2]' },
    ]);
  });

  it('lose ANSI sequences, NULs and carriage returns', () => {
    expect(cleanLine('\x1b[0;32m\0m-ready\x1b[0m\r')).toBe('m-ready');
    expect(cleanLine('\rm-lap-us-5\r')).toBe('m-lap-us-5');
    expect(cleanLine('Done inference ...[\x1b[32mOK\x1b[0m]')).toBe('Done inference ...[OK]');
  });

  it('take any garbage without throwing, and keep its text', () => {
    const rng = new Rng(11);
    const parts = [
      'm-',
      'e-[',
      'm-ready',
      'm-results-[',
      'm-lap-us-',
      '0.1',
      ',',
      ']',
      '[',
      '%',
      '-',
      'm-mj-',
      '(',
      'ff',
      ' ',
      'm-buffer-',
    ];
    for (let i = 0; i < 5000; i++) {
      const line = Array.from({ length: rng.int(0, 12) }, () =>
        rng.float() < 0.8 ? rng.pick(parts) : String.fromCharCode(rng.int(0, 255)),
      ).join('');
      const cleaned = cleanLine(line);
      const messages = parseLine(cleaned);
      expect(messages.length === 0).toBe(cleaned === '');
    }
  });
});

describeWith([needs.shared], 'line forms of the published logs', () => {
  const forms = sharedDir
    ? readFileSync(join(sharedDir, 'data/logs/dut_line_forms.txt'), 'latin1')
        .split('\n')
        .filter((l) => l.trim() !== '')
        // "   1234 dut: <form with N for digits>"
        .map((l) => l.replace(/^\s*\d+ dut: ?/, '').replace(/N/g, '7'))
    : [];

  it('are all understood: every message of the dialect in them is found, the rest is noise', () => {
    expect(forms.length).toBeGreaterThan(800);
    const wanted: [RegExp, DutMessage['kind']][] = [
      [/m-ready/, 'ready'],
      [/m-lap-us-\d/, 'lap'],
      [/m-warmup-start-\d/, 'warmup-start'],
      [/m-warmup-done/, 'warmup-done'],
      [/m-infer-start-\d/, 'infer-start'],
      [/m-infer-done/, 'infer-done'],
      [/m-results-\[/, 'results'],
      [/m-profile-\[/, 'profile'],
      [/m-model-\[/, 'model'],
      [/m-load-done/, 'load-done'],
    ];
    for (const form of forms) {
      const kinds = parse(form).map((m) => m.kind);
      for (const [pattern, kind] of wanted) if (pattern.test(form)) expect(kinds, form).toContain(kind);
      if (!/[me]-/.test(form))
        expect(
          kinds.every((k) => k === 'noise'),
          form,
        ).toBe(true);
    }
  });
});
