import { ok, type Result } from '../../base/errors.ts';
import { badCalibration, storedCalibration } from '../../trace/stored-calibration.ts';

export const PPK2_RANGES = 5;

type Five = readonly [number, number, number, number, number];

/** The modifiers of one PPK2, by measuring range. Units as the device prints them: Ω, A, A/V. */
export interface Ppk2Calibration {
  readonly r: Five;
  readonly gs: Five;
  readonly gi: Five;
  readonly o: Five;
  readonly s: Five;
  readonly i: Five;
  readonly ug: Five;
}

/**
 * What to assume where the metadata says nothing, `-nan` or 0. Source: the values public clients use for a device
 * without calibration (shunts of the PPK2's schematic; no gain, offset or supply correction).
 */
export const PPK2_DEFAULTS: Ppk2Calibration = {
  r: [1031.64, 101.65, 10.15, 0.94, 0.043],
  gs: [1, 1, 1, 1, 1],
  gi: [1, 1, 1, 1, 1],
  o: [0, 0, 0, 0, 0],
  s: [0, 0, 0, 0, 0],
  i: [0, 0, 0, 0, 0],
  ug: [1, 1, 1, 1, 1],
};

/** Keys of the modifier rows as the metadata names them. */
const ROWS = { r: 'R', gs: 'GS', gi: 'GI', o: 'O', s: 'S', i: 'I', ug: 'UG' } as const satisfies Record<
  keyof Ppk2Calibration,
  string
>;
/** In these the maker's client takes a 0 for missing, and its published vector has it so. GS0 is printed as 0 by design. */
const ZERO_IS_MISSING: ReadonlySet<string> = new Set(['R', 'GS', 'GI', 'UG']);

export interface Ppk2Metadata {
  readonly calibration: Ppk2Calibration;
  readonly origin: 'device' | 'defaults' | 'mixed';
  /** `R3: -nan, default 0.94` … */
  readonly remarks: readonly string[];
  readonly calibrated: boolean | null;
  readonly vddMv: number | null;
  readonly hardware: string | null;
  readonly mode: number | null;
}

/** Where the text begins in what a device sent: left-over sample bytes can come first. −1 while no key is there. */
export function findMetadataStart(bytes: Uint8Array): number {
  const text = latin1(bytes);
  const hit = /(?:Calibrated|R0): /.exec(text);
  return hit ? hit.index : -1;
}

/** Index just past `END\n` (or `END` at the very end), from `start` on; −1 while it has not arrived. */
export function findMetadataEnd(bytes: Uint8Array, start: number): number {
  const hit = /(?:^|\n)END\r?\n?/.exec(latin1(bytes.subarray(start)));
  return hit ? start + hit.index + hit[0].length : -1;
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}

/** Parses `key: value` lines. Never fails: what is missing, `-nan` or unusable becomes a default with a remark. */
export function parseMetadata(bytes: Uint8Array): Ppk2Metadata {
  const values = new Map<string, string>();
  for (const line of latin1(bytes).split(/\r?\n/)) {
    const parts = /^([A-Za-z]+\d?): *(\S+)\s*$/.exec(line);
    if (parts && !values.has(parts[1]!)) values.set(parts[1]!, parts[2]!);
  }
  const remarks: string[] = [];
  let taken = 0;
  let unusable = 0;
  const rows = Object.entries(ROWS).map(([field, key]) => {
    const defaults: readonly number[] = PPK2_DEFAULTS[field as keyof Ppk2Calibration];
    const row = defaults.map((standard, range) => {
      const text = values.get(`${key}${range}`);
      const value = text === undefined ? NaN : Number(text);
      if (Number.isFinite(value) && !(value === 0 && ZERO_IS_MISSING.has(key))) {
        taken++;
        return value;
      }
      if (value !== 0 || key !== 'GS') unusable++;
      remarks.push(`${key}${range}: ${text ?? 'missing'}, default ${standard}`);
      return standard;
    });
    return [field, row] as const;
  });
  const origin = taken === 0 ? 'defaults' : unusable === 0 ? 'device' : 'mixed';
  const calibrated = values.get('Calibrated');
  return {
    calibration: Object.fromEntries(rows) as unknown as Ppk2Calibration,
    origin,
    remarks,
    calibrated: calibrated === undefined ? null : calibrated !== '0',
    vddMv: finiteOrNull(values.get('VDD')),
    hardware: values.get('HW') ?? null,
    mode: finiteOrNull(values.get('mode')),
  };
}

function finiteOrNull(text: string | undefined): number | null {
  const n = Number(text ?? NaN);
  return Number.isFinite(n) ? n : null;
}

/** Everything the decoder needs; stored as JSON with each trace. */
export interface Ppk2DecoderSettings {
  readonly calibration: Ppk2Calibration;
  /** The supply voltage the S term is taken with, V. */
  readonly volts: number;
  /** False gives the converted values as they are, without the spike filter. */
  readonly filtered: boolean;
}

/** Parses what a trace stored. `trace.bad-calibration` names the first field that is wrong. */
export function parseDecoderSettings(json: string): Result<Ppk2DecoderSettings> {
  const wrong = (field: string) => badCalibration('ppk2', field);
  const stored = storedCalibration<Ppk2DecoderSettings>('ppk2', json);
  if (!stored.ok) return stored;
  const settings = stored.value;
  if (typeof settings?.volts !== 'number' || !Number.isFinite(settings.volts)) return wrong('volts');
  if (typeof settings.filtered !== 'boolean') return wrong('filtered');
  for (const field of Object.keys(ROWS) as (keyof Ppk2Calibration)[]) {
    const row: unknown = settings.calibration?.[field];
    if (
      !Array.isArray(row) ||
      row.length !== PPK2_RANGES ||
      !row.every((x) => typeof x === 'number' && Number.isFinite(x))
    )
      return wrong(field);
    if (field === 'r' && row.includes(0)) return wrong('r');
  }
  return ok(settings as Ppk2DecoderSettings);
}
