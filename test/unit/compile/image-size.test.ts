/** Bytes of flash of the keyword spotter, taken from its built image and the code map of the firmware. */
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { orThrow } from '../../../src-main/base/errors.ts';
import { pico } from '../../../src-main/board/pico.ts';
import { loadCodeMap } from '../../../src-main/compile/prebuilt.ts';
import { prepare } from '../../../src-main/core.ts';
import { describeWith, needs, sharedDir } from '../../needs.ts';

describeWith([needs.shared], 'flash of kws01 with compact kernels', () => {
  const path = join(sharedDir!, 'data/models/kws01_int8.tflite');
  const { image, program } = orThrow(prepare(path, 'pico-emulated', 'compact'));
  const map = orThrow(loadCodeMap(pico, image))!;
  const engine = map.functions.filter((f) => {
    const file = map.lineAt(f.address)?.file;
    return file !== undefined && /^firmware\/engine\/mj_/.test(file);
  });

  it('engine, kernels and Program are at most 75 KB', () => {
    const engineBytes = engine.reduce((n, f) => n + f.bytes, 0);
    expect(engine.map((f) => f.name)).toContain('mj_engine_open');
    expect(engineBytes).toBeGreaterThan(1500);
    expect(engineBytes + image.config.kernelsBytes + program.bytes.length).toBeLessThanOrEqual(75 * 1024);
  });

  it('constants are at most 1.1 times those of the general kernels', () => {
    const general = orThrow(prepare(path, 'pico-emulated', 'general')).program;
    expect(program.header.constsBytes).toBeLessThanOrEqual(
      1.1 * general.header.constsBytes + 16 * program.ops.length,
    );
  });

  it('only kernels that the Program uses are in the image, each once', () => {
    expect(image.kernels.map((k) => k.kernel).sort()).toEqual(
      [...new Set(program.ops.map((op) => op.kernel))].sort(),
    );
  });
});
