import { crc32c } from '../../base/crc.ts';
import { fail, ok, type Failure, type Result } from '../../base/errors.ts';
import type { PlacedBytes } from './imported.ts';

const MAGIC = '6a6c73666d740d0a200a201a2020b21c';
const FILE_HEADER_BYTES = 32;
const CHUNK_HEADER_BYTES = 32;
const TIMED_BYTES = 16;
/** Searched for the next sound header after a damaged one, piece by piece. */
const SEARCH_BYTES = 65_536;

/** Tags of the chunks that matter here. */
const Tag = {
  source: 0x01,
  signal: 0x02,
  fsrData: 0x22,
  fsrIndex: 0x23,
  fsrSummary: 0x24,
  annotation: 0x32,
  utc: 0x3a,
  userData: 0x40,
  end: 0xff,
} as const;

/** A chunk's payload in the file. */
export interface JlsPlace {
  readonly at: number;
  readonly bytes: number;
}

/** Samples of a signal; without a place where the writer left them out because its summary says all. */
export interface JlsBlock {
  readonly firstId: number;
  readonly count: number;
  readonly place: JlsPlace | null;
  /** Of a block left out: the summary chunk that covers it. */
  readonly summary: JlsPlace | null;
}

export interface JlsSignal {
  readonly id: number;
  readonly sourceId: number;
  readonly kind: 'fixed' | 'variable';
  readonly base: 'int' | 'uint' | 'float' | 'unknown';
  readonly bits: number;
  /** Bits behind the point of integers. */
  readonly fractionBits: number;
  readonly sampleRateHz: number;
  readonly samplesPerData: number;
  readonly samplesPerEntry: number;
  readonly name: string;
  readonly units: string;
  /** Ascending, without overlap. */
  readonly blocks: readonly JlsBlock[];
  readonly annotations: readonly JlsPlace[];
  readonly utc: readonly JlsPlace[];
}

export interface JlsSource {
  readonly name: string;
  readonly vendor: string;
  readonly model: string;
  readonly version: string;
  readonly serialNumber: string;
}

export interface JlsFile {
  readonly sources: ReadonlyMap<number, JlsSource>;
  readonly signals: readonly JlsSignal[];
  readonly userData: readonly (JlsPlace & { readonly meta: number })[];
  /** What is wrong with the file and was gone round, in plain words. */
  readonly remarks: readonly string[];
}

export function jlsDamaged(what: string, at: number): Failure {
  return fail(
    'trace.import-damaged',
    { format: 'jls', what, atByte: at },
    'The file is no JLS v2 file, or so damaged that its samples cannot be found.',
    'Take the file as its program wrote it; JLS version 1 files are to be converted first.',
  );
}

/** The payload of a chunk; null where its CRC says that it is damaged. */
export function jlsPayload(bytes: PlacedBytes, { at, bytes: length }: JlsPlace): Result<Uint8Array | null> {
  const padded = Math.ceil((length + 4) / 8) * 8;
  const read = bytes.readAt(at, padded);
  if (!read.ok) return read;
  const payload = read.value.subarray(0, length);
  const stored = viewOf(read.value).getUint32(padded - 4, true);
  return ok(crc32c(payload) === stored ? payload : null);
}

export function viewOf(b: Uint8Array): DataView {
  return new DataView(b.buffer, b.byteOffset, b.byteLength);
}

interface Header {
  readonly tag: number;
  readonly meta: number;
  readonly payloadBytes: number;
}

interface Gathered {
  data: JlsBlock[];
  index: { readonly place: JlsPlace; readonly firstId: number; summary: JlsPlace | null }[];
  annotations: JlsPlace[];
  utc: JlsPlace[];
}

/**
 * Goes through a file chunk by chunk and notes where everything is. Only the order of the chunks is used, none of their
 * links, so files that were never closed or were cut off give what is in them. `trace.import-damaged`.
 */
export function walkJls(bytes: PlacedBytes): Result<JlsFile> {
  const walker = new Walker(bytes);
  return walker.walk();
}

class Walker {
  readonly #bytes: PlacedBytes;
  readonly #remarks: string[] = [];
  readonly #sources = new Map<number, JlsSource>();
  readonly #definitions = new Map<number, Omit<JlsSignal, 'blocks' | 'annotations' | 'utc'>>();
  readonly #gathered = new Map<number, Gathered>();
  readonly #userData: (JlsPlace & { meta: number })[] = [];
  #ended = false;
  #damagedDefinitions = 0;

  constructor(bytes: PlacedBytes) {
    this.#bytes = bytes;
  }

  walk(): Result<JlsFile> {
    const begun = this.#fileHeader();
    if (!begun.ok) return begun;
    const size = this.#bytes.sizeBytes;
    for (let at = FILE_HEADER_BYTES; at + CHUNK_HEADER_BYTES <= size && !this.#ended;) {
      const header = this.#header(at);
      if (!header.ok) return header;
      const next = header.value ? this.#chunk(at, header.value) : this.#search(at);
      if (!next.ok) return next;
      at = next.value;
    }
    if (!this.#ended)
      this.#remarks.push('the file was not closed or is cut off: it is read as far as it goes');
    if (this.#damagedDefinitions > 0)
      this.#remarks.push(`${this.#damagedDefinitions} damaged definitions or notes are left out`);
    return this.#finish();
  }

  #fileHeader(): Result<void> {
    if (this.#bytes.sizeBytes < FILE_HEADER_BYTES) return jlsDamaged('shorter than its header', 0);
    const read = this.#bytes.readAt(0, FILE_HEADER_BYTES);
    if (!read.ok) return read;
    const hex = Array.from(read.value.subarray(0, 16), (b) => b.toString(16).padStart(2, '0')).join('');
    if (hex !== MAGIC) return jlsDamaged('does not begin like one', 0);
    const view = viewOf(read.value);
    if (view.getUint32(28, true) !== crc32c(read.value.subarray(0, 28)))
      this.#remarks.push('the header of the file is damaged');
    else if (view.getUint8(27) > 1) return jlsDamaged(`version ${view.getUint8(27)} of the format`, 24);
    else if (view.getBigUint64(16, true) > BigInt(this.#bytes.sizeBytes))
      this.#remarks.push('the file is shorter than it says');
    return ok();
  }

  /** Null where the CRC says that no header is here. */
  #header(at: number): Result<Header | null> {
    const read = this.#bytes.readAt(at, CHUNK_HEADER_BYTES);
    return read.ok ? ok(headerIn(read.value, 0)) : read;
  }

  /** The next place with a sound header. */
  #search(from: number): Result<number> {
    const size = this.#bytes.sizeBytes;
    for (let at = from + 8; at + CHUNK_HEADER_BYTES <= size; at += SEARCH_BYTES) {
      const length = Math.min(SEARCH_BYTES + CHUNK_HEADER_BYTES, size - at);
      const read = this.#bytes.readAt(at, length);
      if (!read.ok) return read;
      for (let i = 0; i + CHUNK_HEADER_BYTES <= length; i += 8)
        if (headerIn(read.value, i)) {
          this.#remarks.push(`damaged from byte ${from} to ${at + i}`);
          return ok(at + i);
        }
    }
    return ok(size);
  }

  /** Notes a chunk; gives the place behind it. */
  #chunk(at: number, header: Header): Result<number> {
    const place = { at: at + CHUNK_HEADER_BYTES, bytes: header.payloadBytes };
    const next = place.at + (place.bytes > 0 ? Math.ceil((place.bytes + 4) / 8) * 8 : 0);
    if (next > this.#bytes.sizeBytes) return ok(this.#bytes.sizeBytes);
    const done = this.#note(header, place);
    return done.ok ? ok(next) : done;
  }

  #note({ tag, meta }: Header, place: JlsPlace): Result<void> {
    const signal = meta & 0xff;
    const level = meta >> 12;
    switch (tag) {
      case Tag.source:
      case Tag.signal:
        return this.#define(tag, meta, place);
      case Tag.fsrData:
        return this.#data(signal, place);
      case Tag.fsrIndex:
        return level === 1 ? this.#index(signal, place) : ok();
      case Tag.fsrSummary: {
        const last = this.#of(signal).index.at(-1);
        if (level === 1 && last) last.summary ??= place;
        return ok();
      }
      case Tag.annotation:
        this.#of(signal).annotations.push(place);
        return ok();
      case Tag.utc:
        this.#of(signal).utc.push(place);
        return ok();
      case Tag.userData:
        if (place.bytes > 0) this.#userData.push({ ...place, meta });
        return ok();
      case Tag.end:
        this.#ended = true;
        return ok();
      default:
        // definitions of tracks, summaries of other tracks, tags of later versions
        return ok();
    }
  }

  #of(signal: number): Gathered {
    let g = this.#gathered.get(signal);
    if (!g) this.#gathered.set(signal, (g = { data: [], index: [], annotations: [], utc: [] }));
    return g;
  }

  #define(tag: number, id: number, place: JlsPlace): Result<void> {
    const payload = jlsPayload(this.#bytes, place);
    if (!payload.ok) return payload;
    if (!payload.value || payload.value.length < 64) this.#damagedDefinitions++;
    else if (tag === Tag.source) {
      const [name = '', vendor = '', model = '', version = '', serialNumber = ''] = texts(payload.value, 64);
      this.#sources.set(id, { name, vendor, model, version, serialNumber });
    } else if (payload.value.length < 128) this.#damagedDefinitions++;
    else this.#definitions.set(id & 0xff, signalIn(id & 0xff, payload.value));
    return ok();
  }

  #data(signal: number, place: JlsPlace): Result<void> {
    const head = this.#timed(place);
    if (!head.ok) return head;
    // a payload that is damaged is found when its samples are read
    if (head.value) this.#of(signal).data.push({ ...head.value, place, summary: null });
    return ok();
  }

  #index(signal: number, place: JlsPlace): Result<void> {
    const head = this.#timed(place);
    if (!head.ok) return head;
    if (head.value) this.#of(signal).index.push({ place, firstId: head.value.firstId, summary: null });
    return ok();
  }

  #timed(place: JlsPlace): Result<{ firstId: number; count: number } | null> {
    if (place.bytes < TIMED_BYTES) return ok(null);
    const read = this.#bytes.readAt(place.at, TIMED_BYTES);
    if (!read.ok) return read;
    const view = viewOf(read.value);
    const firstId = Number(view.getBigInt64(0, true));
    return ok(Number.isSafeInteger(firstId) ? { firstId, count: view.getUint32(8, true) } : null);
  }

  #finish(): Result<JlsFile> {
    const signals: JlsSignal[] = [];
    for (const definition of this.#definitions.values()) {
      const g = this.#of(definition.id);
      const omitted = this.#omitted(definition, g);
      if (!omitted.ok) return omitted;
      const all = [...g.data.filter((b) => fits(b, definition.bits)), ...omitted.value];
      if (g.data.length > all.length - omitted.value.length)
        this.#remarks.push(`signal ${definition.name}: chunks that contradict themselves are left out`);
      const blocks = inOrder(all);
      if (blocks.length < all.length)
        this.#remarks.push(`signal ${definition.name}: chunks that overlap others are left out`);
      signals.push({ ...definition, blocks, annotations: g.annotations, utc: g.utc });
    }
    return ok({ sources: this.#sources, signals, userData: this.#userData, remarks: this.#remarks });
  }

  /** Blocks whose place in their index is 0: the summary beside it stands for them. */
  #omitted(signal: Pick<JlsSignal, 'samplesPerData'>, { index }: Gathered): Result<JlsBlock[]> {
    const blocks: JlsBlock[] = [];
    for (const { place, firstId, summary } of index) {
      const payload = jlsPayload(this.#bytes, place);
      if (!payload.ok) return payload;
      if (!payload.value || !summary) continue;
      const view = viewOf(payload.value);
      for (let k = 0; TIMED_BYTES + 8 * (k + 1) <= payload.value.length; k++) {
        if (view.getBigUint64(TIMED_BYTES + 8 * k, true) !== 0n) continue;
        const count = signal.samplesPerData;
        blocks.push({ firstId: firstId + k * count, count, place: null, summary });
      }
    }
    return ok(blocks);
  }
}

function headerIn(bytes: Uint8Array, at: number): Header | null {
  const view = viewOf(bytes);
  if (view.getUint32(at + 28, true) !== crc32c(bytes.subarray(at, at + 28))) return null;
  // zeros have the CRC of zeros nowhere near zero, but a tag 0 is none
  const tag = view.getUint8(at + 16);
  return tag === 0
    ? null
    : { tag, meta: view.getUint16(at + 18, true), payloadBytes: view.getUint32(at + 20, true) };
}

function fits({ count, place }: JlsBlock, bits: number): boolean {
  return count > 0 && place !== null && place.bytes >= TIMED_BYTES + Math.ceil((count * bits) / 8);
}

function inOrder(blocks: JlsBlock[]): JlsBlock[] {
  blocks.sort((a, b) => a.firstId - b.firstId);
  let end = -Infinity;
  return blocks.filter((b) => {
    if (b.firstId < end) return false;
    end = b.firstId + b.count;
    return true;
  });
}

/** Texts, each ended by zero and unit separator. */
function texts(payload: Uint8Array, from: number): string[] {
  const text = new TextDecoder().decode(payload.subarray(from));
  return text.split('\x1f').map((t) => t.split('\0')[0]!);
}

const BASES: Readonly<Record<number, JlsSignal['base']>> = { 1: 'int', 3: 'uint', 4: 'float' };

function signalIn(id: number, payload: Uint8Array): Omit<JlsSignal, 'blocks' | 'annotations' | 'utc'> {
  const view = viewOf(payload);
  const type = view.getUint32(4, true);
  const [name = '', units = ''] = texts(payload, 128);
  return {
    id,
    sourceId: view.getUint16(0, true),
    kind: view.getUint8(2) === 0 ? 'fixed' : 'variable',
    base: BASES[type & 0x0f] ?? 'unknown',
    bits: (type >> 8) & 0xff,
    fractionBits: (type >> 16) & 0xff,
    sampleRateHz: view.getUint32(8, true),
    samplesPerData: view.getUint32(12, true),
    samplesPerEntry: view.getUint32(16, true),
    name,
    units,
  };
}
