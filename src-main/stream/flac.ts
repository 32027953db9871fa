import { FLACDecoder } from '@wasm-audio-decoders/flac';
import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { sha256Hex } from '../base/crc.ts';
import { fail, ok, type Failure, type Result } from '../base/errors.ts';
import type { AudioReader } from './audio-reader.ts';

/** Compressed audio is decoded whole: so much of it is several hours of speech. */
const MAX_FLAC_BYTES = 256 * 1024 * 1024;
const STREAMINFO_BYTES = 34;

/** From the STREAMINFO block (RFC 9639, § 8.2). */
interface StreamInfo {
  readonly sampleRateHz: number;
  readonly channels: number;
  readonly bitsPerSample: number;
  /** 0: the encoder did not know. */
  readonly frameCount: number;
  /** Of the unencoded samples; all zeros: the encoder did not say. */
  readonly md5: string;
}

const damaged = (path: string, problem: string, facts: Record<string, number | string> = {}): Failure =>
  fail(
    'stream.flac-damaged',
    { path, problem, ...facts },
    'The file was cut or changed since it was encoded.',
    'Copy it again, or encode the recording anew.',
  );

function streamInfo(bytes: Uint8Array): StreamInfo | null {
  if (bytes.length < 8 + STREAMINFO_BYTES || (bytes[4]! & 0x7f) !== 0) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset + 8, STREAMINFO_BYTES);
  const packed = view.getUint32(10);
  return {
    sampleRateHz: packed >>> 12,
    channels: ((packed >>> 9) & 7) + 1,
    bitsPerSample: ((packed >>> 4) & 31) + 1,
    frameCount: (packed & 15) * 2 ** 32 + view.getUint32(14),
    md5: [...bytes.subarray(26, 42)].map((b) => b.toString(16).padStart(2, '0')).join(''),
  };
}

/** Decodes a whole .flac file and checks what came out against the length and the MD5 that the encoder wrote. */
export async function openFlac(path: string, file: FileHandle, size: number): Promise<Result<AudioReader>> {
  if (size > MAX_FLAC_BYTES)
    return fail(
      'stream.audio-too-long',
      { path, bytes: size, limit: MAX_FLAC_BYTES },
      'Compressed audio is decoded in memory, and this is too much of it.',
      'Decode it to WAV first: flac -d, or sox.',
    );
  const bytes = new Uint8Array(size);
  await file.read(bytes, 0, size, 0);
  const info = streamInfo(bytes);
  if (!info || info.sampleRateHz === 0) return damaged(path, 'no STREAMINFO block');
  const decoder = new FLACDecoder();
  try {
    await decoder.ready;
    const { channelData, samplesDecoded, errors } = await decoder.decodeFile(bytes);
    if (errors.length > 0) return damaged(path, errors[0]!.message);
    if (info.frameCount > 0 && samplesDecoded !== info.frameCount)
      return damaged(path, 'length', { declared: info.frameCount, decoded: samplesDecoded });
    if (samplesDecoded === 0)
      return fail('stream.no-samples', { path }, 'The file holds no samples.', 'Record it again.');
    // the decoder's float32 holds 24 bits exactly
    const checked = !/^0*$/.test(info.md5) && info.bitsPerSample <= 24;
    if (checked && md5Of(channelData, samplesDecoded, info.bitsPerSample) !== info.md5)
      return damaged(path, 'MD5 of the samples');
    return ok(readerOf(info, channelData, samplesDecoded, sha256Hex(bytes)));
  } catch (e) {
    return damaged(path, (e as Error).message);
  } finally {
    decoder.free();
  }
}

/** The decoder divides by 2^(bits − 1) − 1 where everybody else takes 2^(bits − 1): back to the integer it read. */
function integerOf(value: number, bits: number): number {
  return Math.round(value * (2 ** (bits - 1) - 1));
}

/** Of the samples as the encoder saw them: interleaved, little-endian, in whole bytes. */
function md5Of(channels: readonly Float32Array[], frames: number, bits: number): string {
  const width = Math.ceil(bits / 8);
  const bytes = new Uint8Array(frames * channels.length * width);
  let at = 0;
  for (let f = 0; f < frames; f++)
    for (const channel of channels) {
      const v = integerOf(channel[f]!, bits);
      for (let b = 0; b < width; b++) bytes[at++] = (v >> (8 * b)) & 0xff;
    }
  return createHash('md5').update(bytes).digest('hex');
}

function readerOf(
  info: StreamInfo,
  channelData: readonly Float32Array[],
  frameCount: number,
  sha256: string,
): AudioReader {
  let next = 0;
  const scale = 2 ** (info.bitsPerSample - 1);
  return {
    kind: 'flac',
    sampleRateHz: info.sampleRateHz,
    channels: info.channels,
    frameCount,
    sha256,
    async read(most, channel) {
      const frames = Math.min(most, frameCount - next);
      const out = new Float64Array(frames);
      const from = channel === null ? channelData : [channelData[channel]!];
      for (let f = 0; f < frames; f++) {
        let sum = 0;
        for (const c of from) sum += integerOf(c[next + f]!, info.bitsPerSample);
        out[f] = sum / from.length / scale;
      }
      next += frames;
      return ok(out);
    },
    close: async () => undefined,
  };
}
