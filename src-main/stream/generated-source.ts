import { fail, ok, type Result } from '../base/errors.ts';
import type { Episode } from '../dataset/episode.ts';
import { ACTIVITIES, SYN_IMU_VERSION } from '../dataset/syn-imu/activities.ts';
import { imuStream } from '../dataset/syn-imu/imu-stream.ts';
import { openEspeak, type Synthesiser } from '../dataset/syn-kws/espeak.ts';
import { formantVoice } from '../dataset/syn-kws/formant-voice.ts';
import { SPEECH_STREAM_VERSION, speechStream } from '../dataset/syn-kws/speech-stream.ts';
import type { GroundTruth, LabelledSpan, SourceOrigin } from '../contract/stream.ts';
import type { SampleFormat, StreamBlock } from './sample-block.ts';
import { SWW01_WORDS } from './scoring-words.ts';
import { blockFrames, DPS_PER_COUNT, G_PER_COUNT, type StreamSource } from './source.ts';

/** A generator ends on request only: nobody streams longer than a day. */
const LONGEST_S = 86_400;

export interface GeneratorOptions {
  readonly seed: number;
  /** null, for speech with a wake word: until it was spoken SWW01_WORDS times. */
  readonly durationS: number | null;
  /** Of an IMU; speech is 16 kHz. */
  readonly sampleRateHz: number;
  /** Speech with this keyword only. */
  readonly wakeWord?: string;
  /** How words are spoken; espeak-ng where it is found, else the voice of our own. */
  readonly synthesiser?: Synthesiser;
}

export const generatorNames = ['kws', 'imu'] as const;

/** `gen:kws` or `gen:imu`: seeded samples without end whose truth is known. */
export async function openGenerator(name: string, options: GeneratorOptions): Promise<Result<StreamSource>> {
  const { durationS, wakeWord } = options;
  const counted = durationS === null && name === 'kws' && wakeWord !== undefined;
  if (!counted && !(durationS !== null && durationS > 0 && durationS <= LONGEST_S))
    return fail(
      'stream.bad-duration',
      { durationS, longestS: LONGEST_S },
      'A generator has no end of its own.',
      'Say how long with --for, for example --for 60s.',
    );
  if (name === 'kws') return ok(await speech(options));
  if (name === 'imu') return ok(imu(options));
  return fail(
    'stream.unknown-generator',
    { generator: name, known: generatorNames },
    'There is no such generator.',
    'Use gen:kws or gen:imu.',
  );
}

async function speech(options: GeneratorOptions): Promise<StreamSource> {
  const { seed, durationS, wakeWord } = options;
  const found = options.synthesiser ? ok(options.synthesiser) : await openEspeak();
  const synthesiser = found.ok ? found.value : formantVoice;
  const voice =
    synthesiser === formantVoice
      ? `our own voice (${formantVoice.version})`
      : `espeak-ng ${synthesiser.version}`;
  const format: SampleFormat = { kind: 'audio', channels: 1, sampleRateHz: 16000 };
  return new GeneratedSource({
    format,
    durationS,
    episodes: speechStream({ seed, synthesiser, ...(wakeWord === undefined ? {} : { wakeWord }) }),
    ...(durationS === null && wakeWord !== undefined
      ? { until: { label: wakeWord, count: SWW01_WORDS } }
      : {}),
    truthKind: 'words',
    origin: {
      kind: 'generator',
      name: 'gen:kws',
      sha256: null,
      details: [
        `seed ${seed}`,
        `generator ${SPEECH_STREAM_VERSION}`,
        voice,
        ...(wakeWord ? [`wake word ${wakeWord}`] : []),
      ],
    },
    notes: found.ok
      ? []
      : [
          'espeak-ng is not installed: the words are spoken by our own voice, which the model was not trained on',
        ],
  });
}

async function* each(episodes: Iterable<Episode>): AsyncGenerator<Result<Episode>> {
  for (const episode of episodes) yield ok(episode);
}

function imu({ seed, durationS, sampleRateHz }: GeneratorOptions): StreamSource {
  const episodes = imuStream({ seed, sampleRateHz, gPerCount: G_PER_COUNT, dpsPerCount: DPS_PER_COUNT });
  return new GeneratedSource({
    format: { kind: 'imu', channels: 6, sampleRateHz },
    durationS,
    episodes: each(episodes),
    truthKind: 'segments',
    origin: {
      kind: 'generator',
      name: 'gen:imu',
      sha256: null,
      details: [`seed ${seed}`, `generator ${SYN_IMU_VERSION}`, ACTIVITIES.join(', ')],
    },
    notes: [],
  });
}

interface GeneratedOptions {
  readonly format: SampleFormat;
  readonly durationS: number | null;
  /** Where there is no duration: ends AFTER_LAST_S after so many spans of this label. */
  readonly until?: { readonly label: string; readonly count: number };
  readonly episodes: AsyncGenerator<Result<Episode>>;
  readonly truthKind: GroundTruth['kind'];
  readonly origin: SourceOrigin;
  readonly notes: readonly string[];
}

/** The last word may still be detected 1 s after it; the next one begins later. */
const AFTER_LAST_S = 1.2;

/** Cuts the episodes of a generator into blocks and keeps what was true of them. */
class GeneratedSource implements StreamSource {
  readonly format: SampleFormat;
  readonly origin: SourceOrigin;
  readonly live = false;
  readonly frameCount: number | null;
  readonly #options: GeneratedOptions;
  readonly #blockFrames: number;
  readonly #spans: LabelledSpan[] = [];
  #ready = new Int16Array(0);
  /** Sample frames in all episodes so far. */
  #made = 0;
  #given = 0;
  #end: number;

  constructor(options: GeneratedOptions) {
    this.#options = options;
    this.format = options.format;
    this.origin = options.origin;
    const { durationS, format } = options;
    this.frameCount = durationS === null ? null : Math.round(durationS * format.sampleRateHz);
    this.#end = this.frameCount ?? Infinity;
    this.#blockFrames = blockFrames(options.format);
  }

  async next(): Promise<Result<StreamBlock | null>> {
    const { channels } = this.format;
    while (this.#ready.length < this.#blockFrames * channels && this.#made < this.#end) {
      const more = await this.#more();
      if (!more.ok) return more;
    }
    const count = Math.min(this.#blockFrames, this.#end - this.#given);
    if (count <= 0) return ok(null);
    const samples = this.#ready.slice(0, count * channels);
    this.#ready = this.#ready.subarray(count * channels);
    const firstSample = this.#given;
    this.#given += count;
    return ok({ type: 'samples', format: this.format, firstSample, timeUs: this.#us(firstSample), samples });
  }

  truth(): GroundTruth {
    const givenUs = this.#us(this.#given);
    const { truthKind, origin } = this.#options;
    return {
      kind: truthKind,
      spans: this.#spans.filter((s) => s.startUs < givenUs),
      origin: `generated: ${origin.name}, ${origin.details.join(', ')}`,
    };
  }

  notes(): readonly string[] {
    return this.#options.notes;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#options.episodes.return(undefined);
  }

  #us(frame: number): number {
    return (frame * 1e6) / this.format.sampleRateHz;
  }

  async #more(): Promise<Result<void>> {
    const { value: episode } = (await this.#options.episodes.next()) as { value: Result<Episode> };
    if (!episode.ok) return episode;
    const { samples, spans } = episode.value;
    for (const s of spans)
      this.#spans.push({
        label: s.label,
        startUs: this.#us(this.#made + s.start),
        endUs: this.#us(this.#made + s.end),
      });
    const joined = new Int16Array(this.#ready.length + samples.length);
    joined.set(this.#ready);
    joined.set(samples, this.#ready.length);
    this.#ready = joined;
    this.#made += samples.length / this.format.channels;
    this.#lookForEnd();
    return ok();
  }

  #lookForEnd(): void {
    const { until, format } = this.#options;
    if (!until || this.#end < Infinity) return;
    const last = this.#spans.filter((s) => s.label === until.label)[until.count - 1];
    if (last) this.#end = Math.round((last.endUs / 1e6 + AFTER_LAST_S) * format.sampleRateHz);
  }
}
