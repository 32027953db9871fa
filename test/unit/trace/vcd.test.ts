import { describe, expect, it } from 'vitest';
import { VcdWriter } from '../../../src-main/trace/vcd.ts';

describe('a value change dump', () => {
  it('declares its wires, dumps all first, then only what changes, in ns', () => {
    const w = new VcdWriter([2, 25]);
    const text =
      w.header() +
      w.change(0, 0) +
      w.change(1.008, 1 << 2) +
      w.change(1.016, (1 << 2) | (1 << 25)) +
      w.change(1.02, (1 << 2) | (1 << 25) | 1) + // GPIO 0 is not asked for
      w.change(1.024, 0) +
      w.end(2);
    expect(text).toBe(
      [
        '$timescale 1 ns $end',
        '$scope module pico $end',
        '$var wire 1 ! GPIO2 $end',
        '$var wire 1 " GPIO25 $end',
        '$upscope $end',
        '$enddefinitions $end',
        ...['#0', '$dumpvars', '0!', '0"', '$end'],
        ...['#1008', '1!'],
        ...['#1016', '1"'],
        ...['#1024', '0!', '0"'],
        '#2000',
        '',
      ].join('\n'),
    );
  });

  it('never goes back in time, and two changes in one ns share their stamp', () => {
    const w = new VcdWriter([0]);
    w.change(5, 0);
    expect(w.change(5.0001, 1)).toBe('1!\n');
    expect(w.change(4, 0)).toBe('0!\n');
    expect(w.end(3)).toBe('');
  });

  it('has an identifier of one printable character for each of 30 pins', () => {
    const header = new VcdWriter(Array.from({ length: 30 }, (_, i) => i)).header();
    const ids = [...header.matchAll(/\$var wire 1 (\S) GPIO/g)].map((m) => m[1]);
    expect(new Set(ids).size).toBe(30);
  });
});
