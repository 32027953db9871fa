/** `microjoule profile MODEL`: where the cycles of an inference go, on the command line. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { CodeProfile } from '../../src-main/contract/index.ts';
import { root } from '../needs.ts';
import { json, microjoule, scratch } from './cli-process.ts';

const model = join(root, 'models/tiny-ad.tflite');
const { dir, remove } = scratch();
afterAll(remove);

describe('microjoule profile', () => {
  it('gives operators, functions and lines, a flame graph, and the same cycles without waiting for flash', async () => {
    const svg = join(dir, 'flame.svg');
    const profiled = ['profile', model, '--inferences', '2', '--kernels', 'general'];
    const honest = json<CodeProfile>(
      // general kernels: their weights stay in flash, so there is something to wait for
      await microjoule([...profiled, '--svg', svg, '--json']),
    );
    const zero = json<CodeProfile>(await microjoule([...profiled, '--zero-wait', '--json']));
    expect(readFileSync(svg, 'utf8')).toContain('mj_fully_connected_s8_run');
    expect(zero.stallCycles).toBe(0);
    expect(honest.stallCycles).toBeGreaterThan(0);
    for (const operator of [0, 1, 2, 3]) {
      const [a, b] = [honest, zero].map((p) => p.parts.find((part) => part.operator === operator)!);
      // interrupts fall where they fall; beside them only the waiting differs
      expect(Math.abs(a!.cycles - a!.stallCycles - b!.cycles) / b!.cycles).toBeLessThan(0.02);
    }
  });

  it('prints the tables, and refuses a board without counters and a call without a model', async () => {
    const text = await microjoule(['profile', model]);
    expect(text.code).toBe(0);
    expect(text.stdout).toMatch(/XIP hits \d+\.\d %/);
    expect(text.stdout).toMatch(/firmware\/engine\/kernels\/\S+:\d+/);
    const id = async (...args: string[]) =>
      json<{ error: { id: string } }>(await microjoule(['profile', ...args, '--json'])).error.id;
    expect(await id(model, '--target', 'pico')).toBe('cli.option-not-here');
    expect(await id()).toBe('cli.usage');
  });
});
