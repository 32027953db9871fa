import { createHash } from 'node:crypto';
import { open, type FileHandle } from 'node:fs/promises';
import { fail, ok, type Failure, type Result } from '../base/errors.ts';
import type { SourceOrigin } from '../contract/stream.ts';
import type { AudioReader } from './audio-reader.ts';
import { Resampler } from './resample.ts';
import type { SampleFormat, StreamBlock } from './sample-block.ts';
import { blockFrames, Quantiser16, type StreamSource } from './source.ts';
import { bytesPerFrame, decodePcm, parseWavHeader, WAV_HEADER_BYTES } from './wav.ts';

export interface AudioFileOptions {
  /** What the model wants; other rates are resampled. */
  readonly sampleRateHz: number;
  /** Of a file with several channels: which one (from 0), or the mean of all. Refused where absent. */
  readonly channel?: number | 'mix';
}

/** Rates below carry no speech; a file that claims one is no recording. */
const LEAST_AUDIO_RATE_HZ = 4000;

/** Opens a .wav or .flac file as a source of one channel of 16-bit audio. */
export async function openAudioFile(path: string, options: AudioFileOptions): Promise<Result<StreamSource>> {
  const reader = await openReader(path);
  if (!reader.ok) return reader;
  const refused = refuse(path, reader.value, options);
  if (!refused) return ok(new AudioFileSource(path, reader.value, options));
  await reader.value.close();
  return refused;
}

function refuse(path: string, reader: AudioReader, options: AudioFileOptions): Failure | null {
  const { channels, sampleRateHz } = reader;
  if (sampleRateHz < LEAST_AUDIO_RATE_HZ)
    return fail(
      'stream.wrong-rate',
      { path, sampleRateHz, leastHz: LEAST_AUDIO_RATE_HZ },
      'A recording of this rate cannot carry what the model listens to.',
      'Check the recorder, and record at the model’s rate.',
    );
  if (channels > 1 && options.channel === undefined)
    return fail(
      'stream.not-mono',
      { path, channels },
      'The model hears one channel, the file has several.',
      'Choose with --channel 0, --channel 1 … or --channel mix.',
    );
  if (typeof options.channel === 'number' && options.channel >= channels)
    return fail(
      'stream.no-channel',
      { path, channels, channel: options.channel },
      'The file does not have this channel; they count from 0.',
      'Choose another --channel.',
    );
  return null;
}

export async function openReader(path: string): Promise<Result<AudioReader>> {
  let file: FileHandle;
  try {
    file = await open(path, 'r');
  } catch (e) {
    return cannotRead(path, e);
  }
  try {
    const { size } = await file.stat();
    const head = new Uint8Array(Math.min(size, WAV_HEADER_BYTES));
    await file.read(head, 0, head.length, 0);
    const isFlac = head.length >= 4 && String.fromCharCode(...head.subarray(0, 4)) === 'fLaC';
    // its decoder takes a while to load
    const reader = isFlac
      ? await (await import('./flac.ts')).openFlac(path, file, size)
      : await openWav(path, file, head, size);
    // the FLAC reader holds its samples in memory
    if (!reader.ok || isFlac) await file.close();
    return reader;
  } catch (e) {
    await file.close();
    return cannotRead(path, e);
  }
}

function cannotRead(path: string, e: unknown): Failure {
  const code = (e as NodeJS.ErrnoException).code ?? String(e);
  return fail(
    'stream.cannot-read',
    { path, code },
    code === 'ENOENT' ? 'There is no such file.' : 'The file cannot be read.',
    'Check the path given with --source.',
  );
}

const READ_BYTES = 65_536;

async function sha256Of(file: FileHandle): Promise<string> {
  const hash = createHash('sha256');
  const chunk = new Uint8Array(READ_BYTES * 4);
  for (let at = 0; ;) {
    const { bytesRead } = await file.read(chunk, 0, chunk.length, at);
    if (bytesRead === 0) return hash.digest('hex');
    hash.update(chunk.subarray(0, bytesRead));
    at += bytesRead;
  }
}

async function openWav(
  path: string,
  file: FileHandle,
  head: Uint8Array,
  size: number,
): Promise<Result<AudioReader>> {
  const layout = parseWavHeader(head, size, path);
  if (!layout.ok) return layout;
  const { value: format } = layout;
  const frame = bytesPerFrame(format);
  const sha256 = await sha256Of(file);
  let next = 0;
  return ok({
    kind: 'wav',
    sampleRateHz: format.sampleRateHz,
    channels: format.channels,
    frameCount: format.frameCount,
    sha256,
    async read(most, channel) {
      const frames = Math.min(most, format.frameCount - next);
      const bytes = new Uint8Array(frames * frame);
      if (frames === 0) return ok(new Float64Array(0));
      try {
        const { bytesRead } = await file.read(bytes, 0, bytes.length, format.dataOffset + next * frame);
        if (bytesRead < bytes.length) return taken(path, next, format.frameCount);
      } catch {
        return taken(path, next, format.frameCount);
      }
      const out = new Float64Array(frames);
      const bad = decodePcm(bytes, format, channel, out);
      if (bad >= 0)
        return fail(
          'stream.not-finite',
          { path, frame: next + bad },
          'The file holds a value that is no number (NaN or infinite).',
          'Export the recording again; the program that wrote it divided by zero.',
        );
      next += frames;
      return ok(out);
    },
    close: () => file.close(),
  });
}

function taken(path: string, frame: number, frameCount: number): Failure {
  return fail(
    'stream.source-lost',
    { source: path, frame, frameCount },
    'The file became shorter, or its disk went away, while it was read.',
    'Plug the disk in again, or copy the file to this computer.',
  );
}

class AudioFileSource implements StreamSource {
  readonly format: SampleFormat;
  readonly origin: SourceOrigin;
  readonly live = false;
  readonly frameCount: number;
  readonly #reader: AudioReader;
  readonly #channel: number | null;
  readonly #resampler: Resampler | null;
  readonly #quantiser = new Quantiser16();
  readonly #blockFrames: number;
  #ready = new Float64Array(0);
  #ended = false;
  #given = 0;

  constructor(path: string, reader: AudioReader, { sampleRateHz, channel }: AudioFileOptions) {
    this.#reader = reader;
    this.#channel = channel === 'mix' ? null : (channel ?? 0);
    this.format = { kind: 'audio', channels: 1, sampleRateHz };
    this.#blockFrames = blockFrames(this.format);
    this.#resampler =
      reader.sampleRateHz === sampleRateHz ? null : new Resampler(reader.sampleRateHz, sampleRateHz);
    this.frameCount = Math.ceil((reader.frameCount * sampleRateHz) / reader.sampleRateHz);
    this.origin = {
      kind: reader.kind,
      name: path,
      sha256: reader.sha256,
      details: detailsOf(reader, sampleRateHz, channel),
    };
  }

  async next(): Promise<Result<StreamBlock | null>> {
    while (this.#ready.length < this.#blockFrames && !this.#ended) {
      const more = await this.#more();
      if (!more.ok) return more;
    }
    const count = Math.min(this.#blockFrames, this.#ready.length);
    if (count === 0) return ok(null);
    const samples = new Int16Array(count);
    this.#quantiser.convert(this.#ready.subarray(0, count), samples);
    this.#ready = this.#ready.subarray(count);
    const firstSample = this.#given;
    this.#given += count;
    const timeUs = (firstSample * 1e6) / this.format.sampleRateHz;
    return ok({ type: 'samples', format: this.format, firstSample, timeUs, samples });
  }

  truth(): null {
    return null;
  }

  notes(): readonly string[] {
    const { clipped } = this.#quantiser;
    return clipped > 0 ? [`${clipped} samples exceeded full scale and were clipped`] : [];
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#reader.close();
  }

  async #more(): Promise<Result<void>> {
    const read = await this.#reader.read(READ_BYTES / 4, this.#channel);
    if (!read.ok) return read;
    this.#ended = read.value.length === 0;
    const resampler = this.#resampler;
    const got = resampler ? (this.#ended ? resampler.flush() : resampler.push(read.value)) : read.value;
    const joined = new Float64Array(this.#ready.length + got.length);
    joined.set(this.#ready);
    joined.set(got, this.#ready.length);
    this.#ready = joined;
    return ok();
  }
}

function detailsOf(reader: AudioReader, sampleRateHz: number, channel: number | 'mix' | undefined): string[] {
  const details: string[] = [];
  if (reader.channels > 1)
    details.push(
      channel === 'mix' ? `mean of ${reader.channels} channels` : `channel ${channel} of ${reader.channels}`,
    );
  if (reader.sampleRateHz !== sampleRateHz)
    details.push(`${reader.sampleRateHz} Hz resampled to ${sampleRateHz} Hz`);
  if (reader.sampleRateHz < sampleRateHz)
    details.push(`nothing above ${Math.round(reader.sampleRateHz * 0.45)} Hz is in it`);
  return details;
}
