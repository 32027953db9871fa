import { z } from 'zod';
import { ok, type Result } from '../../base/errors.ts';
import type { MonitorAccuracy } from '../accuracy.ts';
import type { MarkRecord, SupplyRecord, TraceHeader } from '../format.ts';
import type { PlacedBytes } from './imported.ts';
import { jlsPayload, viewOf, type JlsFile, type JlsPlace, type JlsSignal } from './jls-walk.ts';

/** Storage type JSON, and the number that our own export gives its user data. */
const PROVENANCE_META = 0x36d6;
/** Where JLS time begins, and its unit. */
const EPOCH_MS = Date.UTC(2018, 0, 1);
const UNITS_PER_S = 2 ** 30;
const ANNOTATION_HEAD_BYTES = 28;
const UTC_BYTES = 24;
/** A Date holds no more. */
const MOST_MS = 8.64e15;
const STORAGE_STRING = 2;
const TYPES: Readonly<Record<number, string>> = { 1: 'annotation', 2: 'marker', 3: 'horizontal marker' };
/** The group in which our own export keeps the marks of a trace. */
const MARK_GROUP = 1;

const amount = z.number().nonnegative();
const Provenance = z.object({
  microjoule: z.literal(1),
  source: z.enum(['measured', 'emulated']),
  monitor: z.object({ kind: z.string(), serial: z.string().nullable(), firmware: z.string().nullable() }),
  accuracy: z
    .object({
      origin: z.string(),
      gainRel: z.array(amount).min(1),
      offsetA: z.array(amount).min(1),
      stepA: z.array(amount).min(1),
      clockRel: amount,
    })
    .nullable(),
  supplies: z.array(
    z.object({
      sample: z.number().int().nonnegative(),
      volts: amount,
      uncertaintyV: amount,
      origin: z.enum(['set-point', 'measured']),
    }),
  ),
});

export interface JlsProvenance {
  readonly source: TraceHeader['source'];
  readonly monitor: TraceHeader['monitor'];
  readonly accuracy: MonitorAccuracy | null;
  /** It had bounds, which differ by measuring range. */
  readonly boundsByRange: boolean;
  readonly supplies: readonly SupplyRecord[];
}

/** What our own export noted; null in files of other programs. */
export function jlsProvenance(bytes: PlacedBytes, file: JlsFile): Result<JlsProvenance | null> {
  for (const place of file.userData) {
    if (place.meta !== PROVENANCE_META) continue;
    const payload = jlsPayload(bytes, place);
    if (!payload.ok) return payload;
    const parsed = Provenance.safeParse(json(payload.value));
    if (!parsed.success) continue;
    const { source, monitor, accuracy, supplies } = parsed.data;
    // samples do not say which range they are of, so bounds of several cannot be applied
    const oneRange = accuracy?.gainRel.length === 1;
    return ok({
      source,
      monitor,
      supplies,
      accuracy: oneRange ? accuracy : null,
      boundsByRange: accuracy !== null && !oneRange,
    });
  }
  return ok(null);
}

function json(payload: Uint8Array | null): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(payload ?? new Uint8Array(0)).split('\0')[0]!);
  } catch {
    return null;
  }
}

/** Text annotations and markers of a signal, as marks. `own`: written by our export. */
export function jlsRemarks(
  bytes: PlacedBytes,
  signal: JlsSignal,
  firstId: number,
  own: boolean,
): Result<{ readonly marks: readonly MarkRecord[]; readonly dropped: readonly string[] }> {
  const marks: MarkRecord[] = [];
  let others = 0;
  for (const place of signal.annotations) {
    const payload = jlsPayload(bytes, place);
    if (!payload.ok) return payload;
    const mark = payload.value && markIn(payload.value, firstId, own);
    if (mark) marks.push(mark);
    else others++;
  }
  const dropped = others > 0 ? [`${others} annotations that are no text, or damaged`] : [];
  return ok({ marks, dropped });
}

function markIn(payload: Uint8Array, firstId: number, own: boolean): MarkRecord | null {
  if (payload.length < ANNOTATION_HEAD_BYTES) return null;
  const view = viewOf(payload);
  const [type, storage, group] = [view.getUint8(16), view.getUint8(17), view.getUint8(18)];
  const sample = Number(view.getBigInt64(0, true)) - firstId;
  if (storage !== STORAGE_STRING || !(type in TYPES) || !Number.isSafeInteger(sample)) return null;
  const end = ANNOTATION_HEAD_BYTES + view.getUint32(24, true);
  const text = new TextDecoder().decode(payload.subarray(ANNOTATION_HEAD_BYTES, end)).split('\0')[0]!;
  const colon = text.indexOf(': ');
  if (own && group === MARK_GROUP && colon > 0)
    return { sample: Math.max(0, sample), kind: text.slice(0, colon), detail: text.slice(colon + 2) };
  return { sample: Math.max(0, sample), kind: TYPES[type]!, detail: text };
}

/** UTC of the first sample by the first pair of the UTC track; null without one. */
export function jlsStartedAt(
  bytes: PlacedBytes,
  { utc, sampleRateHz }: JlsSignal,
  firstId: number,
): Result<string | null> {
  const place: JlsPlace | undefined = utc[0];
  if (!place) return ok(null);
  const payload = jlsPayload(bytes, place);
  if (!payload.ok) return payload;
  if (!payload.value || payload.value.length < UTC_BYTES) return ok(null);
  const view = viewOf(payload.value);
  const sample = Number(view.getBigInt64(0, true)) - firstId;
  const pairMs = EPOCH_MS + (Number(view.getBigInt64(16, true)) / UNITS_PER_S) * 1000;
  const ms = pairMs - (sample / sampleRateHz) * 1000;
  return ok(Math.abs(ms) <= MOST_MS ? new Date(Math.round(ms)).toISOString() : null);
}
