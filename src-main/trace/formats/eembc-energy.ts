import { fail, ok, type Result } from '../../base/errors.ts';
import { float32Calibration } from '../float32.ts';
import { IMPORT_BLOCK_SAMPLES, type ImportedTrace, type ImportReceiver } from './imported.ts';

/** The energy trace of an EEMBC runner: byte 0xF1, float32 rate, then float32 µJ per sample, little-endian. */
export interface EembcEnergy {
  readonly sampleRateHz: number;
  readonly microjoules: Float32Array;
}

const MARK = 0xf1;
const HEADER_BYTES = 5;

/** `trace.import-damaged` where the file is not one, ends in mid-sample or has a rate that cannot be. */
export function readEembcEnergy(bytes: Uint8Array): Result<EembcEnergy> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const rate = bytes.length >= HEADER_BYTES ? view.getFloat32(1, true) : NaN;
  const body = bytes.length - HEADER_BYTES;
  if (bytes[0] !== MARK || !(rate > 0 && rate <= 1e7) || body % 4 !== 0)
    return fail(
      'trace.import-damaged',
      { format: 'eembc', fileBytes: bytes.length, firstByte: bytes[0] ?? null, sampleRateHz: String(rate) },
      'This is no EEMBC energy trace, or it was cut off: it begins with 0xF1 and a rate and holds whole float32 samples.',
      'Take trace1-energy.bin as the runner wrote it.',
    );
  const microjoules = Float32Array.from({ length: body / 4 }, (_, i) =>
    view.getFloat32(HEADER_BYTES + 4 * i, true),
  );
  return ok({ sampleRateHz: rate, microjoules });
}

/**
 * Energy of [fromS, toS), µJ: the samples whose time lies in it, where time is what the runner's own loop makes of it,
 * `t += 1/rate` in double precision. Only so do its printed energies come out to the last digit.
 */
export function eembcWindowUj(
  { sampleRateHz, microjoules }: EembcEnergy,
  fromS: number,
  toS: number,
): number {
  let sum = 0;
  let timeS = 0;
  for (const uj of microjoules) {
    if (timeS >= fromS && timeS < toS) sum += uj;
    timeS += 1 / sampleRateHz;
  }
  return sum;
}

/** Windows of `trace1-timestamps.json`: [0] is the explicit `timestamp`, then pairs. */
export function eembcWindows(timestampsS: readonly number[]): { fromS: number; toS: number }[] {
  const windows: { fromS: number; toS: number }[] = [];
  for (let i = 1; i + 1 < timestampsS.length; i += 2)
    windows.push({ fromS: timestampsS[i]!, toS: timestampsS[i + 1]! });
  return windows;
}

/**
 * As a trace: the file's own float32 values are the words, and the supply voltage turns µJ per sample into amperes, so
 * nothing is rounded. The voltage is not in the file; energies do not depend on it, currents do. D0 shows the windows.
 */
export function importEembc(
  bytes: Uint8Array,
  about: { readonly title: string; readonly supplyV: number; readonly timestampsS: readonly number[] },
): Result<ImportedTrace> {
  const energy = readEembcEnergy(bytes);
  if (!energy.ok) return energy;
  const { sampleRateHz } = energy.value;
  const windows = eembcWindows(about.timestampsS);
  return ok({
    format: 'eembc',
    title: about.title,
    sampleRateHz,
    startedAt: null,
    logicMask: 1,
    monitor: { kind: 'eembc', serial: null, firmware: null },
    accuracy: null,
    dropped: windows.length > 0 ? ['window edges are rounded to whole samples on D0'] : [],
    calibration: float32Calibration({ amperesPerUnit: (1e-6 * sampleRateHz) / about.supplyV }),
    feed: (receiver) => feed(receiver, energy.value, windows, about.supplyV),
  });
}

async function feed(
  receiver: ImportReceiver,
  { sampleRateHz, microjoules }: EembcEnergy,
  windows: readonly { readonly fromS: number; readonly toS: number }[],
  supplyV: number,
): Promise<Result<void>> {
  receiver.supply({ volts: supplyV, uncertaintyV: 0, origin: 'set-point' });
  const words = new Uint32Array(microjoules.buffer, microjoules.byteOffset, microjoules.length);
  const logic = new Uint8Array(words.length);
  for (const { fromS, toS } of windows)
    logic.fill(1, Math.ceil(fromS * sampleRateHz), Math.ceil(toS * sampleRateHz));
  for (let from = 0; from < words.length; from += IMPORT_BLOCK_SAMPLES) {
    receiver.wordsWithLogic(words, logic, from, Math.min(words.length, from + IMPORT_BLOCK_SAMPLES));
    const settled = await receiver.settle();
    if (!settled.ok) return settled;
  }
  return ok();
}
