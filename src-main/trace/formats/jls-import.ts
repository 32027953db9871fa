import { fail, ok, type Failure, type Result } from '../../base/errors.ts';
import { float32Calibration } from '../float32.ts';
import type { SupplyRecord } from '../format.ts';
import type { ImportedTrace, ImportReceiver, PlacedBytes } from './imported.ts';
import { jlsProvenance, jlsRemarks, jlsStartedAt, type JlsProvenance } from './jls-notes.ts';
import { isReadable, JlsSamples } from './jls-samples.ts';
import { jlsDamaged, walkJls, type JlsFile, type JlsSignal } from './jls-walk.ts';

const CURRENT_UNITS: Readonly<Record<string, number>> = {
  A: 1,
  mA: 1e-3,
  uA: 1e-6,
  '\u00b5A': 1e-6,
  '\u03bcA': 1e-6,
  nA: 1e-9,
};
const VOLTAGE_UNITS: Readonly<Record<string, number>> = { V: 1, mV: 1e-3 };
/** A voltage that moves by more than this share of its mean is no steady supply. */
const STEADY = 0.02;
/** A timeline may be so much longer than the bytes of its file: omitted samples have 1/64 byte each. */
const SAMPLES_PER_BYTE = 1024;
const LEAST_MOST_SAMPLES = 2 ** 30;

export interface JlsAbout {
  readonly title: string;
  /** In place of what the file says. */
  readonly supplyV: number | null;
  /** Name of the current signal; null takes the one called current, or the first one in a unit of current. */
  readonly signal: string | null;
}

/**
 * A JLS v2 file. Current: one fixed-rate signal in A, mA, µA or nA. Logic: fixed-rate 1-bit signals of the same rate.
 * Supply: what our own export noted, else a voltage signal of the same source that is steady. Text annotations and
 * markers become marks. `trace.import-damaged`, `trace.import-no-current`.
 */
export function importJls(bytes: PlacedBytes, about: JlsAbout): Result<ImportedTrace> {
  const walked = walkJls(bytes);
  if (!walked.ok) return walked;
  const file = walked.value;
  const current = currentOf(file, about.signal);
  if (!current.ok) return current;
  const logic = logicOf(file, current.value);
  const provenance = jlsProvenance(bytes, file);
  if (!provenance.ok) return provenance;
  // our own files begin at 0, also where their first samples are damaged
  const firstId = provenance.value ? 0 : current.value.blocks[0]!.firstId;
  const refused = refuseLength(bytes, current.value, firstId);
  if (refused) return refused;
  const supplies = suppliesOf(bytes, file, current.value, provenance.value, about.supplyV);
  if (!supplies.ok) return supplies;
  const remarks = jlsRemarks(bytes, current.value, firstId, provenance.value !== null);
  if (!remarks.ok) return remarks;
  const startedAt = jlsStartedAt(bytes, current.value, firstId);
  if (!startedAt.ok) return startedAt;
  const source = file.sources.get(current.value.sourceId);
  const own = provenance.value;
  return ok({
    format: 'jls',
    title: about.title,
    sampleRateHz: current.value.sampleRateHz,
    startedAt: startedAt.value,
    logicMask: logic.channels.reduce((mask, l) => mask | (1 << l.channel), 0),
    monitor: own?.monitor ?? {
      kind: source?.model || source?.name || 'jls',
      serial: source?.serialNumber || null,
      firmware: source?.version || null,
    },
    accuracy: own?.accuracy ?? null,
    ...(own ? { source: own.source } : {}),
    dropped: [
      ...file.remarks,
      ...(own?.boundsByRange
        ? ["the monitor's bounds: they differ by range, which samples do not tell"]
        : []),
      ...supplies.value.dropped,
      ...remarks.value.dropped,
      ...logic.dropped,
      ...unused(file, current.value, logic.channels, supplies.value.from),
    ],
    calibration: float32Calibration({ amperesPerUnit: CURRENT_UNITS[current.value.units.trim()]! }),
    feed: (receiver) =>
      new Feed(bytes, current.value, firstId, logic.channels, receiver, [
        ...supplies.value.all.map(({ sample, ...supply }) => ({
          sample,
          tell: () => receiver.supply(supply),
        })),
        ...remarks.value.marks.map(({ sample, kind, detail }) => ({
          sample,
          tell: () => receiver.mark(kind, detail),
        })),
      ]).run(),
  });
}

function currentOf({ signals }: JlsFile, wanted: string | null): Result<JlsSignal> {
  const fitting = signals.filter(
    (s) => isReadable(s) && s.units.trim() in CURRENT_UNITS && s.blocks.length > 0 && s.sampleRateHz > 0,
  );
  const found =
    wanted === null
      ? (fitting.find((s) => /current|^i$/i.test(s.name)) ?? fitting[0])
      : fitting.find((s) => s.name === wanted);
  if (found) return ok(found);
  return fail(
    'trace.import-no-current',
    { wanted, signals: signals.slice(0, 20).map((s) => `${s.name} [${s.units}]`) },
    'The file has no fixed-rate signal of that name in A, mA, µA or nA with samples.',
    'Name one of its signals with --signal, or export it again with the current.',
  );
}

function refuseLength(bytes: PlacedBytes, { blocks }: JlsSignal, firstId: number): Failure | null {
  const last = blocks.at(-1)!;
  const lengthSamples = last.firstId + last.count - firstId;
  const most = Math.max(LEAST_MOST_SAMPLES, bytes.sizeBytes * SAMPLES_PER_BYTE);
  if (blocks[0]!.firstId >= firstId && lengthSamples <= most) return null;
  return jlsDamaged(`claims ${lengthSamples} samples, more than it has room for`, 0);
}

interface LogicChannel {
  readonly channel: number;
  readonly signal: JlsSignal;
}

/** 1-bit signals by the digit their names end with, the others in the places that are left. */
function logicOf({ signals }: JlsFile, current: JlsSignal): { channels: LogicChannel[]; dropped: string[] } {
  const bits = signals.filter((s) => s.kind === 'fixed' && s.base === 'uint' && s.bits === 1);
  const usable = bits.filter((s) => s.sampleRateHz === current.sampleRateHz && s.blocks.length > 0);
  const channels: LogicChannel[] = [];
  const free = new Set([0, 1, 2, 3, 4, 5, 6, 7]);
  const digitOf = (s: JlsSignal) => Number(/([0-7])\]?$/.exec(s.name.trim())?.[1] ?? NaN);
  const later: JlsSignal[] = [];
  for (const signal of usable) {
    const channel = digitOf(signal);
    if (free.delete(channel)) channels.push({ channel, signal });
    else later.push(signal);
  }
  const dropped = bits
    .filter((s) => !usable.includes(s) && s.blocks.length > 0)
    .map((s) => `logic signal ${s.name}: its sample rate is another`);
  for (const signal of later) {
    const channel = [...free][0];
    if (channel === undefined) dropped.push(`logic signal ${signal.name}: eight channels are kept`);
    else {
      free.delete(channel);
      channels.push({ channel, signal });
    }
  }
  return { channels, dropped };
}

function unused(
  { signals }: JlsFile,
  current: JlsSignal,
  logic: readonly LogicChannel[],
  voltage: JlsSignal | null,
): string[] {
  const used = new Set<JlsSignal | null>([current, voltage, ...logic.map((l) => l.signal)]);
  const dropped = signals
    .filter((s) => !used.has(s) && s.blocks.length > 0 && s.bits !== 1)
    .map((s) => `signal ${s.name} [${s.units}]`);
  if (current.bits === 64) dropped.push('digits of the current beyond float32');
  return dropped;
}

interface Supplies {
  readonly all: readonly SupplyRecord[];
  readonly from: JlsSignal | null;
  readonly dropped: readonly string[];
}

function suppliesOf(
  bytes: PlacedBytes,
  file: JlsFile,
  current: JlsSignal,
  own: JlsProvenance | null,
  supplyV: number | null,
): Result<Supplies> {
  if (supplyV !== null)
    return ok({
      all: [{ sample: 0, volts: supplyV, uncertaintyV: 0, origin: 'set-point' }],
      from: null,
      dropped: [],
    });
  if (own) return ok({ all: own.supplies, from: null, dropped: [] });
  const voltage = file.signals.find(
    (s) =>
      s.sourceId === current.sourceId &&
      isReadable(s) &&
      s.units.trim() in VOLTAGE_UNITS &&
      s.blocks.length > 0,
  );
  if (!voltage) return ok({ all: [], from: null, dropped: ['no supply voltage is stated: give --supply'] });
  const range = extremes(bytes, voltage);
  if (!range.ok) return range;
  const perUnit = VOLTAGE_UNITS[voltage.units.trim()]!;
  const [low, high] = [range.value.low * perUnit, range.value.high * perUnit];
  const volts = (low + high) / 2;
  if (volts > 0 && high - low <= STEADY * volts)
    return ok({
      all: [{ sample: 0, volts, uncertaintyV: (high - low) / 2, origin: 'measured' }],
      from: voltage,
      dropped: [`samples of ${voltage.name}: steady, kept as one supply voltage`],
    });
  return ok({
    all: [],
    from: voltage,
    dropped: [`signal ${voltage.name}: it moves from ${low} to ${high} V; energies need --supply`],
  });
}

function extremes(bytes: PlacedBytes, signal: JlsSignal): Result<{ low: number; high: number }> {
  const samples = new JlsSamples(bytes, signal);
  let low = Infinity;
  let high = -Infinity;
  for (const block of signal.blocks) {
    const read = samples.block(block);
    if (!read.ok) return read;
    for (const v of read.value.values) {
      if (v < low) low = v;
      if (v > high) high = v;
    }
  }
  return ok({ low, high });
}

interface Told {
  readonly sample: number;
  readonly tell: () => void;
}

/** Hands the samples of a file to a receiver, with what is told at certain samples in its place. */
class Feed {
  readonly #current: JlsSignal;
  readonly #samples: JlsSamples;
  readonly #logic: readonly (LogicChannel & { readonly samples: JlsSamples })[];
  readonly #firstId: number;
  readonly #receiver: ImportReceiver;
  readonly #told: readonly Told[];
  #toldSoFar = 0;
  /** Missing samples that the receiver was not yet told of: a gap may go on in the next block. */
  #gap = 0;
  #at = 0;
  #floats = new Float32Array(0);
  #words = new Uint32Array(0);
  #levels = new Uint8Array(0);

  constructor(
    bytes: PlacedBytes,
    current: JlsSignal,
    firstId: number,
    logic: readonly LogicChannel[],
    receiver: ImportReceiver,
    told: readonly Told[],
  ) {
    this.#current = current;
    this.#samples = new JlsSamples(bytes, current);
    this.#logic = logic.map((l) => ({ ...l, samples: new JlsSamples(bytes, l.signal) }));
    this.#firstId = firstId;
    this.#receiver = receiver;
    this.#told = [...told].sort((a, b) => a.sample - b.sample);
  }

  async run(): Promise<Result<void>> {
    for (const block of this.#current.blocks) {
      this.#missing(block.firstId - this.#firstId - this.#at);
      const fed = this.#block(block);
      if (!fed.ok) return fed;
      const settled = await this.#receiver.settle();
      if (!settled.ok) return settled;
    }
    this.#tellUpTo(Infinity);
    this.#closeGap();
    return this.#receiver.settle();
  }

  #block(block: JlsSignal['blocks'][number]): Result<void> {
    const read = this.#samples.block(block);
    if (!read.ok) return read;
    const { values, sound } = read.value;
    if (!sound) {
      this.#closeGap();
      this.#receiver.mark('trace.import-damaged', `${block.count} samples in a damaged chunk`);
      this.#missing(block.count);
      return ok();
    }
    const n = values.length;
    this.#room(n);
    this.#floats.set(values);
    this.#levels.fill(0, 0, n);
    for (const { channel, samples } of this.#logic) {
      const raised = samples.bits(block.firstId, this.#levels, n, channel);
      if (!raised.ok) return raised;
      if (raised.value) continue;
      this.#closeGap();
      this.#receiver.mark('trace.import-damaged', `D${channel}: levels in a damaged chunk are taken as low`);
    }
    this.#runs(n);
    return ok();
  }

  #room(n: number): void {
    if (this.#floats.length >= n) return;
    this.#floats = new Float32Array(n);
    this.#words = new Uint32Array(this.#floats.buffer);
    this.#levels = new Uint8Array(n);
  }

  /** Stretches with and without samples, cut where something is told. */
  #runs(n: number): void {
    const floats = this.#floats;
    for (let from = 0; from < n;) {
      this.#tellUpTo(this.#at);
      const next = this.#told[this.#toldSoFar]?.sample ?? Infinity;
      const end = Math.min(n, from + Math.max(1, next - this.#at));
      const there = Number.isFinite(floats[from]!);
      let to = from + 1;
      while (to < end && Number.isFinite(floats[to]!) === there) to++;
      if (there) {
        this.#closeGap();
        this.#receiver.wordsWithLogic(this.#words, this.#levels, from, to);
        this.#at += to - from;
      } else this.#missing(to - from);
      from = to;
    }
  }

  #missing(count: number): void {
    for (let left = count; left > 0;) {
      this.#tellUpTo(this.#at);
      const next = this.#told[this.#toldSoFar]?.sample ?? Infinity;
      const n = Math.min(left, Math.max(1, next - this.#at));
      this.#gap += n;
      this.#at += n;
      left -= n;
    }
  }

  #closeGap(): void {
    if (this.#gap > 0) this.#receiver.gap(this.#gap, 'lost');
    this.#gap = 0;
  }

  #tellUpTo(sample: number): void {
    for (let next = this.#told[this.#toldSoFar]; next && next.sample <= sample;) {
      this.#closeGap();
      next.tell();
      next = this.#told[++this.#toldSoFar];
    }
  }
}
