import { createHash } from 'node:crypto';
import { closeSync, existsSync, mkdirSync, openSync, readdirSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { fail, ok, type Failure, type Result } from '../base/errors.ts';
import type { FailureDto, GroundTruth, SourceOrigin, StreamRunPlan } from '../contract/index.ts';
import {
  MANIFEST_FILE,
  type BlockLine,
  type RecordedFile,
  type RecordingManifest,
} from './recording-manifest.ts';
import { blockEnd, type SampleFormat, type StreamBlock } from './sample-block.ts';
import { WAV_HEADER_LENGTH, wavHeader } from './wav.ts';

/** One file of a recording, hashed as it grows. */
class GrowingFile {
  readonly #name: string;
  readonly #path: string;
  readonly #fd: number;
  #bytes = 0;

  constructor(dir: string, name: string) {
    this.#name = name;
    this.#path = join(dir, name);
    this.#fd = openSync(this.#path, 'wx');
  }

  readonly #hash = createHash('sha256');

  append(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length;) at += writeSync(this.#fd, bytes, at);
    this.#hash.update(bytes);
    this.#bytes += bytes.length;
  }

  line(value: unknown): void {
    this.append(Buffer.from(`${JSON.stringify(value)}\n`));
  }

  /** Room in front of all the rest, not part of the hash: for `overwriteBeginning`. */
  reserve(bytes: number): void {
    writeSync(this.#fd, new Uint8Array(bytes));
  }

  overwriteBeginning(bytes: Uint8Array): void {
    writeSync(this.#fd, bytes, 0, bytes.length, 0);
  }

  close(): void {
    closeSync(this.#fd);
  }

  get entry(): RecordedFile {
    return { name: this.#name, bytes: this.#bytes, sha256: this.#hash.copy().digest('hex') };
  }
}

export interface RecordingEnd {
  readonly truth: GroundTruth | null;
  readonly plan: StreamRunPlan | null;
  readonly notes: readonly string[];
  readonly failure: FailureDto | null;
}

/**
 * Writes what is streamed into a folder: samples as they are (16-bit WAV for audio, raw int16 else), block boundaries,
 * gaps and times, events, and at the end the manifest with the hashes. The hash of the samples is that of the samples
 * alone, without the WAV header.
 */
export class Recorder implements Disposable {
  readonly dir: string;
  readonly #format: SampleFormat;
  readonly #origin: SourceOrigin;
  readonly #startedAt: string;
  readonly #samples: GrowingFile;
  readonly #blocks: GrowingFile;
  readonly #events: GrowingFile;
  readonly #isWav: boolean;
  #frames = 0;
  #written = 0;
  #open = true;

  private constructor(dir: string, format: SampleFormat, origin: SourceOrigin, startedAt: string) {
    this.dir = dir;
    this.#format = format;
    this.#origin = origin;
    this.#startedAt = startedAt;
    this.#isWav = format.kind === 'audio' && Number.isInteger(format.sampleRateHz);
    this.#samples = new GrowingFile(dir, this.#isWav ? 'samples.wav' : 'samples.raw');
    this.#blocks = new GrowingFile(dir, 'blocks.jsonl');
    this.#events = new GrowingFile(dir, 'events.jsonl');
  }

  /** Makes the folder; one that holds anything is left alone. */
  static open(dir: string, format: SampleFormat, origin: SourceOrigin, startedAt: string): Result<Recorder> {
    try {
      if (existsSync(dir) && readdirSync(dir).length > 0)
        return fail(
          'stream.recording-exists',
          { dir },
          'The folder holds something already.',
          'Choose another folder with --record, or empty it.',
        );
      mkdirSync(dir, { recursive: true });
      const recorder = new Recorder(dir, format, origin, startedAt);
      if (recorder.#isWav) recorder.#samples.reserve(WAV_HEADER_LENGTH);
      return ok(recorder);
    } catch (e) {
      return cannotWrite(dir, e);
    }
  }

  block(block: StreamBlock): Result<void> {
    const { firstSample: s, timeUs: us } = block;
    const line: BlockLine =
      block.type === 'gap'
        ? { s, gap: block.sampleCount, us, reason: block.reason }
        : { s, n: block.samples.length / block.format.channels, us };
    return this.#guarded(() => {
      this.#blocks.line(line);
      this.#frames = blockEnd(block);
      if (block.type === 'gap') return;
      const { samples } = block;
      this.#samples.append(Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength));
      this.#written += samples.length / block.format.channels;
    });
  }

  event(event: unknown): Result<void> {
    return this.#guarded(() => this.#events.line(event));
  }

  /** Writes header and manifest. */
  finish(end: RecordingEnd): Result<void> {
    return this.#guarded(() => {
      const { channels, sampleRateHz, kind } = this.#format;
      if (this.#isWav) this.#samples.overwriteBeginning(wavHeader(sampleRateHz, channels, this.#written));
      const manifest: RecordingManifest = {
        format: 1,
        sample: { kind, channels, sampleRateHz },
        frames: this.#frames,
        samples: this.#samples.entry,
        blocks: this.#blocks.entry,
        events: this.#events.entry,
        origin: this.#origin,
        startedAt: this.#startedAt,
        truth: end.truth,
        plan: end.plan,
        notes: [...end.notes],
        failure: end.failure,
      };
      this[Symbol.dispose]();
      writeFileSync(join(this.dir, MANIFEST_FILE), `${JSON.stringify(manifest, null, 1)}\n`);
    });
  }

  [Symbol.dispose](): void {
    if (!this.#open) return;
    this.#open = false;
    for (const file of [this.#samples, this.#blocks, this.#events]) file.close();
  }

  #guarded(work: () => void): Result<void> {
    try {
      work();
      return ok();
    } catch (e) {
      return cannotWrite(this.dir, e);
    }
  }
}

function cannotWrite(dir: string, e: unknown): Failure {
  return fail(
    'stream.recording-failed',
    { dir, code: (e as NodeJS.ErrnoException).code ?? String(e) },
    'The recording cannot be written: the disk is full, or the folder may not be used.',
    'Free some space, or choose another folder with --record.',
  );
}
