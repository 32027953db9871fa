/** Where the cycles of an inference go, held against the firmware's own account and against themselves. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { orThrow } from '../../../src-main/base/errors.ts';
import type { CodeProfile } from '../../../src-main/contract/index.ts';
import { prepare } from '../../../src-main/core.ts';
import { profileCode } from '../../../src-main/core/code-profile.ts';
import { deployImage } from '../../../src-main/core/deploy-image.ts';
import { functionRows, lineRows, profileFlame } from '../../../src-main/report/code-profile.ts';
import { openSimulatedBench } from '../../../src-main/sim/simulated-bench.ts';
import { root } from '../../needs.ts';

const prepared = orThrow(prepare(join(root, 'models/tiny-ad.tflite'), 'pico-emulated', 'general'));
const once = new Map<boolean, Promise<CodeProfile>>();
/** Deterministic: each kind is made once. */
function profiled(zeroWait: boolean): Promise<CodeProfile> {
  const made =
    once.get(zeroWait) ?? profileCode(prepared, { inferences: 3, seed: 1, zeroWait }).then((r) => orThrow(r));
  once.set(zeroWait, made);
  return made;
}

/** Cycles of each operator by the firmware's `mj prof`. */
async function firmwareAccount(): Promise<number[]> {
  await using bench = orThrow(await openSimulatedBench({ seed: 1, monitor: 'none', zeroWait: true }));
  await using session = orThrow(await deployImage(bench, prepared.image));
  orThrow(await session.loadInput(new Uint8Array(64)));
  orThrow(await session.infer(1, 0));
  return orThrow(await session.mj!.profile()).ops.map((op) => op.cycles);
}

describe('a profile without instrumenting', () => {
  it('leaves no cycle out and counts none twice', async () => {
    for (const zeroWait of [true, false]) {
      const p = await profiled(zeroWait);
      const inParts = p.parts.reduce((sum, part) => sum + part.cycles, 0);
      expect(inParts + p.exceptionCycles + p.asleepCycles + p.romCycles).toBe(p.cycles);
      for (const part of p.parts) {
        expect(part.functions.reduce((sum, f) => sum + f.cycles, 0)).toBe(part.cycles);
        expect(part.classes.reduce((sum, c) => sum + c.cycles, 0)).toBe(part.cycles);
        for (const f of part.functions) expect(f.lines.reduce((sum, l) => sum + l.cycles, 0)).toBe(f.cycles);
      }
      expect(functionRows(p).reduce((sum, f) => sum + f.cycles, 0)).toBe(inParts);
      expect(lineRows(p).reduce((sum, l) => sum + l.instructions, 0)).toBe(
        p.parts.reduce((sum, part) => sum + part.instructions, 0),
      );
    }
  });

  it('gives each operator what the firmware’s own timer gives it', async () => {
    const p = await profiled(true);
    const own = await firmwareAccount();
    const operators = p.parts.filter((part) => part.operator !== null);
    expect(operators.map((part) => part.operator)).toEqual([0, 1, 2, 3]);
    for (const [k, part] of operators.entries()) {
      // beside the operator itself: the store to the pins and the engine's loop, and its part of interrupts
      const more = part.cycles / 3 - own[k]!;
      expect(more).toBeGreaterThan(0);
      expect(more).toBeLessThan(250);
    }
  });

  it('knows the kernels by name and by line', async () => {
    const p = await profiled(false);
    const dense = p.parts.find((part) => part.operator === 0)!;
    expect(dense.functions[0]).toMatchObject({ name: 'mj_fully_connected_s8_run', calls: 3 });
    expect(dense.functions[0]!.lines[0]!.file).toMatch(/^firmware\/engine\/kernels\//);
    const unknown = p.parts.flatMap((part) => part.functions).filter((f) => f.name.startsWith('('));
    expect(unknown).toEqual([]);
  });

  it('sees what waiting for flash costs', async () => {
    const [zero, honest] = [await profiled(true), await profiled(false)];
    expect(zero.stallCycles).toBe(0);
    expect(honest.stallCycles).toBeGreaterThan(0);
    expect(honest.xipHits).toBeLessThan(honest.xipAccesses);
  });

  it('multiplies as often as the operators have multiply-accumulates', async () => {
    const p = await profiled(true);
    const macs = orThrow(
      prepare(join(root, 'models/tiny-ad.tflite'), 'pico-emulated', 'general'),
    ).program.ops.map((o) => o.macs);
    for (const part of p.parts.filter((x) => x.operator !== null)) {
      const multiplies = part.classes.find((c) => c.kind === 'multiply')!.instructions / 3;
      expect(multiplies).toBeGreaterThanOrEqual(macs[part.operator!]!);
      expect(multiplies).toBeLessThan(1.6 * macs[part.operator!]!);
    }
  });

  it('draws a flame graph with a frame for each operator, and its shares in words', async () => {
    const svg = profileFlame(await profiled(false));
    expect(svg.startsWith('<svg ')).toBe(true);
    for (const name of ['0 FULLY_CONNECTED', 'mj_fully_connected_s8_run'])
      expect(svg).toContain(`<title>${name}&#10;`.replace('&#10;', '\n'));
    expect(svg).toMatch(/<desc>The largest part is [^<]* %/);
  });
});
