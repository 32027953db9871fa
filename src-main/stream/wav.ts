import { fail, ok, type Failure, type Result } from '../base/errors.ts';

/** How the samples of an audio file lie in its bytes; interleaved frames, little-endian. */
export interface PcmFormat {
  readonly encoding: 'unsigned' | 'signed' | 'float';
  readonly bitsPerSample: 8 | 16 | 24 | 32 | 64;
  readonly channels: number;
  readonly sampleRateHz: number;
}

/** Where the samples of a WAV file are. */
export interface WavLayout extends PcmFormat {
  readonly dataOffset: number;
  readonly frameCount: number;
}

/** So much of a file's beginning is enough for every header that is accepted. */
export const WAV_HEADER_BYTES = 65_536;

const MIN_RATE_HZ = 1;
const MAX_RATE_HZ = 1_536_000;
const MAX_CHANNELS = 64;
const TAG_PCM = 1;
const TAG_FLOAT = 3;
const TAG_EXTENSIBLE = 0xfffe;
/** Of WAVE_FORMAT_EXTENSIBLE's SubFormat GUID (mmreg.h): what follows the two bytes of the tag. */
const SUBFORMAT_TAIL = '000000001000800000aa00389b71';

const knownTags: Readonly<Record<number, string>> = {
  2: 'Microsoft ADPCM',
  6: 'A-law',
  7: 'µ-law',
  0x11: 'IMA ADPCM',
  0x55: 'MP3',
};

const asciiAt = (bytes: Uint8Array, at: number) => String.fromCharCode(...bytes.subarray(at, at + 4));
export const bytesPerFrame = (f: PcmFormat) => (f.bitsPerSample / 8) * f.channels;

const malformed = (path: string, problem: string, facts: Record<string, number | string> = {}): Failure =>
  fail(
    'stream.wav-malformed',
    { path, problem, ...facts },
    'The header of this WAV file contradicts itself or is cut off.',
    'Export the recording again, or convert it with sox or ffmpeg.',
  );

/**
 * Reads the chunks of a RIFF/WAVE file from its first bytes (WAV_HEADER_BYTES of them, or all). Where a recorder could
 * not seek back, the data chunk's size is 0 or at the top of its range: the samples then go to the file's end.
 */
export function parseWavHeader(head: Uint8Array, fileBytes: number, path: string): Result<WavLayout> {
  if (fileBytes === 0)
    return fail('stream.file-empty', { path }, 'The file has no bytes at all.', 'Record or copy it again.');
  if (head.length < 12 || asciiAt(head, 0) !== 'RIFF' || asciiAt(head, 8) !== 'WAVE')
    return fail(
      'stream.not-wav',
      { path, bytes: fileBytes, begins: printable(head) },
      'The file does not begin as a RIFF/WAVE file does.',
      'Give a .wav or .flac file; convert others with sox or ffmpeg.',
    );
  const view = new DataView(head.buffer, head.byteOffset, head.length);
  let format: PcmFormat | null = null;
  for (let at = 12; at + 8 <= head.length;) {
    const id = asciiAt(head, at);
    const size = view.getUint32(at + 4, true);
    if (id === 'fmt ') {
      const read = parseFormat(head.subarray(at + 8, Math.min(at + 8 + size, head.length)), size, path);
      if (!read.ok) return read;
      format = read.value;
    } else if (id === 'data') {
      if (format === null) return malformed(path, 'no fmt chunk before the data chunk');
      return layoutOf(format, at + 8, size, fileBytes, path);
    }
    // chunks lie at even addresses
    at += 8 + size + (size & 1);
  }
  return malformed(path, format === null ? 'no fmt chunk' : 'no data chunk', { fileBytes });
}

function printable(bytes: Uint8Array): string {
  return [...bytes.subarray(0, 12)]
    .map((b) => (b >= 0x20 && b < 0x7f ? String.fromCharCode(b) : `\\x${b.toString(16).padStart(2, '0')}`))
    .join('');
}

function parseFormat(body: Uint8Array, size: number, path: string): Result<PcmFormat> {
  if (size < 16 || body.length < 16) return malformed(path, 'fmt chunk too short', { fmtBytes: size });
  const view = new DataView(body.buffer, body.byteOffset, body.length);
  const channels = view.getUint16(2, true);
  const sampleRateHz = view.getUint32(4, true);
  const blockAlign = view.getUint16(12, true);
  const bits = view.getUint16(14, true);
  const tag = tagOf(body, view, path);
  if (!tag.ok) return tag;
  if (channels < 1 || channels > MAX_CHANNELS) return malformed(path, 'number of channels', { channels });
  if (sampleRateHz < MIN_RATE_HZ || sampleRateHz > MAX_RATE_HZ)
    return malformed(path, 'sample rate', { sampleRateHz });
  const good = tag.value === TAG_PCM ? [8, 16, 24, 32] : [32, 64];
  if (!good.includes(bits))
    return fail(
      'stream.audio-unsupported',
      { path, formatTag: tag.value, bitsPerSample: bits },
      'Samples of this width are not read.',
      'Convert the file to 16-bit PCM, for example with sox.',
    );
  const expected = (bits / 8) * channels;
  if (blockAlign !== expected)
    return malformed(path, 'block align', { blockAlign, expected, channels, bitsPerSample: bits });
  return ok({
    encoding: tag.value === TAG_FLOAT ? 'float' : bits === 8 ? 'unsigned' : 'signed',
    bitsPerSample: bits as PcmFormat['bitsPerSample'],
    channels,
    sampleRateHz,
  });
}

/** TAG_PCM or TAG_FLOAT, looked through WAVE_FORMAT_EXTENSIBLE. */
function tagOf(body: Uint8Array, view: DataView, path: string): Result<number> {
  let tag = view.getUint16(0, true);
  if (tag === TAG_EXTENSIBLE) {
    if (body.length < 40) return malformed(path, 'extensible fmt chunk too short', { fmtBytes: body.length });
    const tail = [...body.subarray(26, 40)].map((b) => b.toString(16).padStart(2, '0')).join('');
    if (tail !== SUBFORMAT_TAIL) return malformed(path, 'unknown sub-format');
    tag = view.getUint16(24, true);
  }
  if (tag === TAG_PCM || tag === TAG_FLOAT) return ok(tag);
  return fail(
    'stream.audio-unsupported',
    { path, formatTag: tag, format: knownTags[tag] ?? 'unknown' },
    'The samples are compressed, or in a format that is not read.',
    'Convert the file to 16-bit PCM, for example with sox.',
  );
}

function layoutOf(
  format: PcmFormat,
  dataOffset: number,
  declared: number,
  fileBytes: number,
  path: string,
): Result<WavLayout> {
  const there = Math.max(0, fileBytes - dataOffset);
  const frame = bytesPerFrame(format);
  // arecord writes 0x80000000, sox and ffmpeg 0x7fffffff − header or 0xffffffff, espeak-ng 0x7ffff000 into a pipe
  const unknown = declared >= 0x7fff_0000 || (declared === 0 && there > 0);
  const bytes = unknown ? there - (there % frame) : declared;
  if (!unknown && declared > there)
    return fail(
      'stream.audio-truncated',
      {
        path,
        declaredBytes: declared,
        thereBytes: there,
        missingS: (declared - there) / frame / format.sampleRateHz,
      },
      'The file ends before its samples do: it was cut while being written or copied.',
      'Copy it again, or cut it to what is there with sox or ffmpeg.',
    );
  if (bytes % frame !== 0)
    return malformed(path, 'the data chunk ends inside a frame', { dataBytes: bytes, frameBytes: frame });
  if (bytes === 0)
    return fail('stream.no-samples', { path }, 'The file holds no samples.', 'Record it again.');
  return ok({ ...format, dataOffset, frameCount: bytes / frame });
}

/**
 * One channel of interleaved PCM as reals of full scale ±1, or the mean of all (`channel` null). `out` holds a value a
 * frame. Returns the index of the first frame that is not finite, or −1. Integer formats map exactly: v / 2^(bits − 1).
 */
export function decodePcm(
  bytes: Uint8Array,
  format: PcmFormat,
  channel: number | null,
  out: Float64Array,
): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const { channels } = format;
  const width = format.bitsPerSample / 8;
  const from = channel ?? 0;
  const count = channel === null ? channels : 1;
  let bad = -1;
  for (let f = 0; f < out.length; f++) {
    let sum = 0;
    for (let c = from; c < from + count; c++) sum += sampleAt(view, (f * channels + c) * width, format);
    const v = sum / count;
    if (!Number.isFinite(v)) {
      if (bad < 0) bad = f;
    }
    out[f] = v;
  }
  return bad;
}

function sampleAt(view: DataView, at: number, { encoding, bitsPerSample }: PcmFormat): number {
  if (encoding === 'float')
    return bitsPerSample === 32 ? view.getFloat32(at, true) : view.getFloat64(at, true);
  switch (bitsPerSample) {
    case 8:
      return (view.getUint8(at) - 128) / 128;
    case 16:
      return view.getInt16(at, true) / 32768;
    case 24:
      return ((view.getInt8(at + 2) << 16) | view.getUint16(at, true)) / 8_388_608;
    default:
      return view.getInt32(at, true) / 2_147_483_648;
  }
}

/** Of the files that we write. */
export const WAV_HEADER_LENGTH = 44;

/** The bytes before the samples of a 16-bit PCM file with `frameCount` frames. */
export function wavHeader(sampleRateHz: number, channels: number, frameCount: number): Uint8Array {
  const header = new Uint8Array(WAV_HEADER_LENGTH);
  const view = new DataView(header.buffer);
  const dataBytes = frameCount * channels * 2;
  const put = (at: number, text: string) => header.set(new TextEncoder().encode(text), at);
  put(0, 'RIFF');
  view.setUint32(4, 36 + dataBytes, true);
  put(8, 'WAVEfmt ');
  view.setUint32(16, 16, true);
  view.setUint16(20, TAG_PCM, true);
  view.setUint16(22, channels, true);
  view.setUint32(24, sampleRateHz, true);
  view.setUint32(28, sampleRateHz * channels * 2, true);
  view.setUint16(32, channels * 2, true);
  view.setUint16(34, 16, true);
  put(36, 'data');
  view.setUint32(40, dataBytes, true);
  return header;
}
