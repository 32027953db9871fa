import { fail, ok, type Result } from '../base/errors.ts';
import { calibrate, type Calibration } from '../calibrate/calibrate.ts';
import { buildImage } from '../compile/image.ts';
import { loadPrebuilt } from '../compile/prebuilt.ts';
import type { Store } from '../store/store.ts';
import { deployImage } from './deploy-image.ts';
import { refuseWithoutTime } from './instructions-only.ts';
import { ownHarness, targetOf } from './prepare.ts';
import { DEFAULT_WORLD_SEED, rigsFor, type Wiring } from './wiring.ts';

export interface CalibrationWatch {
  readonly signal?: AbortSignal;
  readonly onLayer?: (done: number, total: number, name: string) => void;
}

/** Measures generated layers on a target, stores and returns the cost model. `seed` of the layers. */
export async function calibrateTarget(
  store: Store,
  targetId: string,
  seed: number,
  wiring: Wiring,
  watch: CalibrationWatch,
): Promise<Result<Calibration>> {
  const target = targetOf(targetId);
  if (!target.ok) return target;
  const refused = refuseWithoutTime(target.value, 'a calibration');
  if (refused) return refused;
  const { board, timingModel } = target.value;
  const prebuilt = loadPrebuilt(board);
  if (!prebuilt.ok) return prebuilt;
  const image = buildImage({
    board,
    firmware: prebuilt.value.firmware,
    kernels: prebuilt.value.kernels,
    program: null,
    config: ownHarness('calibration'),
  });
  if (!image.ok) return image;
  const rigs = rigsFor(target.value, wiring, { seed: DEFAULT_WORLD_SEED, operators: 1 });
  if (!rigs.ok) return rigs;
  const opened = await rigs.value.open(false);
  if (!opened.ok) return opened;
  await using rig = opened.value;
  const session = await deployImage(rig, image.value);
  if (!session.ok) return session;
  await using talk = session.value;
  if (!talk.mj)
    return fail(
      'device.no-mj',
      { target: targetId },
      'The board does not run the Microjoule firmware.',
      'Deploy it first.',
    );
  const done = await calibrate(talk.mj, { board, timingModel, seed, ...watch });
  return done.ok ? keep(store, done.value) : done;
}

function keep(store: Store, calibration: Calibration): Result<Calibration> {
  const { model, samples } = calibration;
  const rows = samples.map((s) => {
    const k = model.kernels[s.kernel]!;
    return { ...s, predictedCycles: k.a * s.macs + k.b * s.outputs + k.c * s.bytes + k.d };
  });
  const kept = store.calibrations.put(model, rows);
  return kept.ok ? ok(calibration) : kept;
}
