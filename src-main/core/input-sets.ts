import { InputEncoding } from '../abi/generated.ts';
import { ok, type Result } from '../base/errors.ts';
import { Rng } from '../base/rng.ts';
import { openMlperfLayout } from '../dataset/mlperf-layout.ts';
import type { InputItem, InputSet } from '../run/ports.ts';

/** A data set in the MLPerf Tiny layout. */
export function datasetInputs(dir: string, inputBytes: number): Result<InputSet> {
  const layout = openMlperfLayout(dir);
  if (!layout.ok) return layout;
  const { entries } = layout.value;
  return ok({
    kind: 'dataset',
    size: entries.length,
    describe: `${entries.length} files of ${dir}`,
    item: (index) => layout.value.read(index, inputBytes),
  });
}

/** Enough different ones for every window of a valid run. */
const RANDOM_INPUTS = 16;

/** Seeded random inputs for latency and energy where nobody has data; floats are standard normal. */
export function randomInputs(seed: number, inputBytes: number, encoding: InputEncoding): InputSet {
  const item = (index: number): Result<InputItem> => {
    const rng = new Rng(seed * 1000 + index);
    if (encoding !== InputEncoding.Float32)
      return ok({ name: `random-${seed}-${index}`, label: null, windows: [rng.bytes(inputBytes)] });
    const floats = Float32Array.from({ length: inputBytes / 4 }, () => rng.normal());
    return ok({ name: `random-${seed}-${index}`, label: null, windows: [new Uint8Array(floats.buffer)] });
  };
  return { kind: 'random', size: RANDOM_INPUTS, describe: `random inputs, seed ${seed}`, item };
}
