import { describe, expect, it } from 'vitest';
import { orThrow } from '../../../src-main/base/errors.ts';
import { pico } from '../../../src-main/board/pico.ts';
import { compile } from '../../../src-main/compile/compile.ts';
import { openTwin } from '../../../src-main/engine/twin.ts';
import { readModel } from '../../../src-main/model/reader.ts';
import { writeModel } from '../../../src-main/model/writer.ts';
import { s8, unary } from '../../golden/layers.ts';

/** int8 values of floats quantised with scale 0.5 and zero point 10. */
async function quantised(values: readonly number[]): Promise<number[]> {
  const output = s8('output', [1, values.length], { scale: 0.5, zeroPoint: 10 });
  const spec = unary(
    'QUANTIZE',
    { kind: 'quantize' },
    { name: 'input', type: 'float32', shape: output.shape },
    output,
  );
  const program = orThrow(compile(orThrow(readModel(writeModel(spec), 'quantize')), pico));
  await using twin = orThrow(await openTwin(program.bytes));
  const [bytes] = orThrow(twin.infer([new Uint8Array(Float32Array.from(values).buffer)]));
  return [...new Int8Array(bytes!.buffer)];
}

describe('QUANTIZE of floats, where TFLM’s conversion to int32 is undefined', () => {
  it('saturates beyond int32 and at the infinities', async () => {
    expect(await quantised([3e9, -3e9, Infinity, -Infinity, 3.4e38])).toEqual([127, -128, 127, -128, 127]);
  });

  it('takes not-a-number for 0, the zero point', async () => {
    expect(await quantised([NaN, -NaN])).toEqual([10, 10]);
  });

  it('rounds halves away from zero', async () => {
    expect(await quantised([0.25, -0.25, 0.75, -0.75, 0.2499])).toEqual([11, 9, 12, 8, 10]);
  });
});
