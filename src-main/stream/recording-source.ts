import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { sha256Hex } from '../base/crc.ts';
import { fail, ok, type Failure, type Result } from '../base/errors.ts';
import type { GroundTruth, SourceOrigin } from '../contract/index.ts';
import { BlockLine, MANIFEST_FILE, RecordingManifest, type RecordedFile } from './recording-manifest.ts';
import type { SampleFormat, StreamBlock } from './sample-block.ts';
import type { StreamSource } from './source.ts';
import { WAV_HEADER_LENGTH } from './wav.ts';

const damaged = (dir: string, problem: string): Failure =>
  fail(
    'stream.recording-damaged',
    { dir, problem },
    'The folder no longer holds what was recorded.',
    'Restore it from a copy, or record again.',
  );

export function readManifest(dir: string): Result<RecordingManifest> {
  let text: string;
  try {
    text = readFileSync(join(dir, MANIFEST_FILE), 'utf8');
  } catch (e) {
    return fail(
      'stream.no-recording',
      { dir, code: (e as NodeJS.ErrnoException).code ?? '' },
      'The folder is no recording, or the program that wrote it was killed before it finished.',
      'Give a folder that was made with --record.',
    );
  }
  try {
    const manifest = RecordingManifest.safeParse(JSON.parse(text));
    return manifest.success ? ok(manifest.data) : damaged(dir, manifest.error.issues[0]!.message);
  } catch {
    return damaged(dir, 'manifest.json is no JSON');
  }
}

/** The bytes of a file of a recording when they are those that were written; a WAV header is taken off. */
function readRecorded(dir: string, file: RecordedFile): Result<Uint8Array> {
  try {
    const all = new Uint8Array(readFileSync(join(dir, file.name)));
    const bytes = file.name.endsWith('.wav') ? all.subarray(WAV_HEADER_LENGTH) : all;
    return bytes.length === file.bytes && sha256Hex(bytes) === file.sha256
      ? ok(bytes)
      : damaged(dir, `${file.name} is not the file that was recorded`);
  } catch {
    return damaged(dir, `${file.name} cannot be read`);
  }
}

function readLines<S extends z.ZodType>(dir: string, file: RecordedFile, schema: S): Result<z.output<S>[]> {
  const bytes = readRecorded(dir, file);
  if (!bytes.ok) return bytes;
  const lines = new TextDecoder().decode(bytes.value).split('\n');
  const out: z.output<S>[] = [];
  for (const line of lines) {
    if (line === '') continue;
    const parsed = schema.safeParse(JSON.parse(line));
    if (!parsed.success) return damaged(dir, `${file.name}: ${parsed.error.issues[0]!.message}`);
    out.push(parsed.data);
  }
  return ok(out);
}

/** The recorded events as they were emitted. */
export function readRecordedEvents(dir: string, manifest: RecordingManifest): Result<unknown[]> {
  return readLines(dir, manifest.events, z.unknown());
}

/** A recording as a source: the same blocks, gaps and times again. */
export function openRecording(dir: string): Result<StreamSource> {
  const manifest = readManifest(dir);
  if (!manifest.ok) return manifest;
  const samples = readRecorded(dir, manifest.value.samples);
  if (!samples.ok) return samples;
  const blocks = readLines(dir, manifest.value.blocks, BlockLine);
  if (!blocks.ok) return blocks;
  const frames = blocks.value.reduce((n, b) => n + ('n' in b ? b.n : 0), 0);
  const { channels } = manifest.value.sample;
  if (samples.value.length !== frames * channels * 2) return damaged(dir, 'blocks and samples do not match');
  return ok(
    new RecordingSource(dir, manifest.value, new Int16Array(samples.value.slice().buffer), blocks.value),
  );
}

class RecordingSource implements StreamSource {
  readonly format: SampleFormat;
  readonly origin: SourceOrigin;
  readonly live = false;
  readonly frameCount: number;
  readonly #manifest: RecordingManifest;
  readonly #samples: Int16Array;
  readonly #blocks: readonly BlockLine[];
  #block = 0;
  #at = 0;

  constructor(dir: string, manifest: RecordingManifest, samples: Int16Array, blocks: readonly BlockLine[]) {
    this.#manifest = manifest;
    this.#samples = samples;
    this.#blocks = blocks;
    this.format = manifest.sample;
    this.frameCount = manifest.frames;
    const { name, details } = manifest.origin;
    this.origin = {
      kind: 'recording',
      name: dir,
      sha256: manifest.samples.sha256,
      details: [`recorded from ${name}`, ...details],
    };
  }

  async next(): Promise<Result<StreamBlock | null>> {
    const line = this.#blocks[this.#block++];
    if (!line) return ok(null);
    const { format } = this;
    const place = { format, firstSample: line.s, timeUs: line.us };
    if ('gap' in line) return ok({ type: 'gap', ...place, sampleCount: line.gap, reason: line.reason });
    const values = line.n * format.channels;
    const samples = this.#samples.slice(this.#at, this.#at + values);
    this.#at += values;
    return ok({ type: 'samples', ...place, samples });
  }

  truth(): GroundTruth | null {
    return this.#manifest.truth;
  }

  notes(): readonly string[] {
    return this.#manifest.notes;
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}
