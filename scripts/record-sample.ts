/**
 * `node scripts/record-sample.ts`: makes data/samples/kws-syn.json, the comparison that a first start shows. Two runs of
 * kws-syn on the emulated Pico: as it is, and as if flash and bus never made the core wait.
 */
import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { orThrow } from '../src-main/base/errors.ts';
import type { RunResult } from '../src-main/contract/index.ts';
import { SampleFile } from '../src-main/contract/bench/samples.ts';
import { createCore, type Core, type Wiring } from '../src-main/core.ts';
import { SAMPLE_FILE } from '../src-main/core/samples.ts';

const root = join(import.meta.dirname, '..');
const RECORDED_AT = '1970-01-01T00:00:00.000Z';

async function measure(core: Core, wiring: Wiring): Promise<RunResult> {
  const model = join(root, 'models/kws-syn.tflite');
  const dataDir = join(root, 'models/kws-syn-samples');
  const run = orThrow(
    await core.run({ modelPath: model, targetId: 'pico-emulated', mode: 'performance', dataDir }, wiring),
  );
  if (run.status !== 'finished') throw new Error(`the run is ${run.status}`);
  return withoutPlaces(run);
}

/** What belongs to the computer it was recorded on is not part of the sample. */
function withoutPlaces(run: RunResult): RunResult {
  return {
    ...run,
    plan: { ...run.plan, dataDir: null, model: { ...run.plan.model, path: null } },
  };
}

const folder = mkdtempSync(join(tmpdir(), 'microjoule-sample-'));
try {
  // no date goes into what is committed: the same firmware gives the same bytes
  const core = orThrow(await createCore({ dbPath: join(folder, 'sample.db'), nowIso: () => RECORDED_AT }));
  await using opened = core;
  const sample = SampleFile.parse({
    format: 1,
    title: 'What waiting for flash costs kws-syn on an RP2040',
    command: 'microjoule run models/kws-syn.tflite --data models/kws-syn-samples [--zero-wait]',
    runs: [await measure(opened, {}), await measure(opened, { emulation: { zeroWait: true } })],
    labels: ['Code and weights in flash', 'Zero-wait memory'],
  });
  mkdirSync(dirname(SAMPLE_FILE), { recursive: true });
  writeFileSync(SAMPLE_FILE, `${JSON.stringify(sample, null, 1)}\n`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
