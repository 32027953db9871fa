import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { Rng } from '../../../src-main/base/rng.ts';
import { openFrontEnd, outputMultiplier, type FrontEnd } from '../../../src-main/engine/frontend.ts';
import { describeWith, needs, root } from '../../needs.ts';

const tone = (peak: number, hz: number) =>
  Int16Array.from({ length: 16000 }, (_, i) => Math.round(peak * Math.sin((2 * Math.PI * hz * i) / 16000)));

describe('audio front end', () => {
  let frontEnd: FrontEnd;
  beforeAll(async () => {
    frontEnd = await openFrontEnd();
  });

  it('makes 49 frames of 10 coefficients out of one second, none out of less than a window', () => {
    expect(frontEnd.frameCount(16000)).toBe(49);
    expect(frontEnd.mfcc(new Int16Array(16000))).toHaveLength(490);
    expect(frontEnd.frameCount(480)).toBe(1);
    expect(frontEnd.frameCount(479)).toBe(0);
    expect(frontEnd.mfcc(new Int16Array(479))).toHaveLength(0);
  });

  it('gives ln(1e-6) in every band of digital silence: only the 0th coefficient, 40·√(2/40)·ln(1e-6)', () => {
    const [first, ...others] = frontEnd.mfcc(new Int16Array(480));
    expect(first! / 256).toBeCloseTo(40 * Math.sqrt(2 / 40) * Math.log(1e-6), 2);
    expect(others).toEqual(Array(9).fill(0));
  });

  it('doubling the samples adds ln 2 to every band and changes nothing else', () => {
    const quiet = frontEnd.mfcc(tone(4000, 700));
    const loud = frontEnd.mfcc(Int16Array.from(tone(4000, 700), (x) => 2 * x));
    const c0 = 40 * Math.sqrt(2 / 40) * Math.log(2);
    for (let i = 0; i < 490; i++)
      expect(Math.abs(loud[i]! - quiet[i]! - (i % 10 === 0 ? 256 * c0 : 0))).toBeLessThanOrEqual(3);
  });

  it('a tone is loudest in the mel band that contains it', () => {
    const mel = (hz: number) => 1127 * Math.log(1 + hz / 700);
    for (const hz of [437.5, 1000, 2000, 3500]) {
      const band = Math.round(((mel(hz) - mel(20)) / (mel(4000) - mel(20))) * 41 - 1);
      const bands = frontEnd.logMel(tone(20000, hz)).subarray(0, 40);
      expect(Math.abs(bands.indexOf(Math.max(...bands)) - band)).toBeLessThanOrEqual(1);
    }
  });

  it('each frame depends on its own window only', () => {
    const rng = new Rng(1);
    const samples = Int16Array.from({ length: 16000 }, () => rng.int(-9000, 9000));
    const whole = frontEnd.mfcc(samples);
    expect(frontEnd.mfcc(samples.subarray(320 * 17, 320 * 17 + 480))).toEqual(whole.slice(170, 180));
  });

  it('requantises to int8 within half a step of the exact value and saturates', () => {
    const rng = new Rng(2);
    const samples = Int16Array.from({ length: 16000 }, () => rng.int(-3000, 3000));
    const exact = frontEnd.mfcc(samples);
    for (const scale of [0.01, 0.3, 0.5847029, 2]) {
      const got = frontEnd.mfccInt8(samples, { scale, zeroPoint: 83 });
      exact.forEach((q8, i) => {
        const real = Math.max(-128, Math.min(127, q8 / 256 / scale + 83));
        expect(Math.abs(got[i]! - real)).toBeLessThan(0.51);
      });
    }
  });

  it('expresses every scale between 1e-4 and 100 within 2^-15', () => {
    for (let scale = 1e-4; scale < 100; scale *= 1.07) {
      const { multiplier, shift } = outputMultiplier(scale);
      expect(multiplier).toBeLessThan(32768);
      expect(Math.abs(multiplier / 2 ** shift / (1 / (256 * scale)) - 1)).toBeLessThan(
        shift > 0 && shift < 30 ? 2 ** -15 : 1,
      );
    }
  });
});

describe('front end tables', () => {
  it('are what the generator writes', () => {
    const run = spawnSync(process.execPath, [join(root, 'scripts/generate-frontend-tables.ts'), '--check']);
    expect(run.stderr.toString()).toBe('');
    expect(run.status).toBe(0);
  });
});

describeWith([needs.wasmClang], 'front end WASM', () => {
  it('is what the committed sources build to', () => {
    const run = spawnSync(process.execPath, [join(root, 'scripts/build-frontend-wasm.ts'), '--check']);
    expect(run.stderr.toString()).toBe('');
    expect(run.status).toBe(0);
  });
});

describeWith([needs.hostCc], 'front end under sanitizers', () => {
  it('has no overflow, bad shift or stray access on 4 000 frames of every kind and level', () => {
    const dir = mkdtempSync(join(tmpdir(), 'mj-frontend-'));
    try {
      const sources = ['mj_mfcc', 'mj_rfft', 'mj_log2', 'mj_frontend_tables'].map(
        (f) => `firmware/engine/frontend/${f}.c`,
      );
      const flags = [
        '-std=c11',
        '-O1',
        '-Wall',
        '-Wextra',
        '-fsanitize=undefined,address',
        '-fno-sanitize-recover=all',
      ];
      const out = join(dir, 'sanitize');
      const build = spawnSync(
        'gcc',
        [...flags, '-o', out, 'test/unit/frontend/sanitize.c', ...sources, '-lm'],
        { cwd: root },
      );
      expect(build.stderr.toString()).toBe('');
      const run = spawnSync(out);
      expect(run.stderr.toString()).toBe('');
      expect(run.status).toBe(0);
    } finally {
      rmSync(dir, { recursive: true });
    }
  });
});
