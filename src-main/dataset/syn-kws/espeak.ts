import { execFile } from 'node:child_process';
import { fail, ok, type Result } from '../../base/errors.ts';

/** What a word is to be spoken with. */
export interface Utterance {
  readonly word: string;
  /** espeak-ng voice with variant: `en-us+m3`. */
  readonly voice: string;
  readonly pitch: number;
  readonly rate: number;
}

/** A source of speech; espeak-ng in the product, a tone in tests. */
export interface Synthesiser {
  /** Recorded in the data card. */
  readonly version: string;
  readonly sampleRateHz: number;
  say(utterance: Utterance): Promise<Result<Int16Array>>;
}

const SAMPLE_RATE_HZ = 22050;

function run(args: readonly string[]): Promise<{ readonly error: Error | null; readonly stdout: Buffer }> {
  return new Promise((resolve) => {
    execFile(
      'espeak-ng',
      args,
      { encoding: 'buffer', maxBuffer: 1 << 24, timeout: 20_000 },
      (error, stdout) => resolve({ error, stdout }),
    );
  });
}

/** Finds espeak-ng and reads its version. */
export async function openEspeak(): Promise<Result<Synthesiser>> {
  const { error, stdout } = await run(['--version']);
  const version = /text-to-speech: (\S+)/.exec(stdout?.toString() ?? '')?.[1];
  if (error || version === undefined)
    return fail(
      'dataset.no-espeak',
      { error: error?.message ?? 'no version in its answer' },
      'SYN-KWS is spoken by espeak-ng, which is not there.',
      'Install it: npm run setup:system.',
    );
  return ok({ version, sampleRateHz: SAMPLE_RATE_HZ, say });
}

async function say(utterance: Utterance): Promise<Result<Int16Array>> {
  const { word, voice, pitch, rate } = utterance;
  const { error, stdout } = await run(['--stdout', '-v', voice, '-p', `${pitch}`, '-s', `${rate}`, word]);
  if (error)
    return fail(
      'dataset.espeak-failed',
      { voice, word, error: error.message },
      'espeak-ng could not say it; the voice may be missing.',
      'Install espeak-ng with its voice data.',
    );
  return pcmOfWav(stdout);
}

/**
 * The samples of a mono 16-bit 22.05 kHz WAV stream. The sizes in the header of a stream are not known to the
 * writer, so the samples go to the end of the bytes.
 */
export function pcmOfWav(wav: Buffer): Result<Int16Array> {
  const good =
    wav.length >= 44 &&
    wav.toString('latin1', 0, 4) === 'RIFF' &&
    wav.toString('latin1', 36, 40) === 'data' &&
    wav.readUInt16LE(22) === 1 &&
    wav.readUInt16LE(34) === 16 &&
    wav.readUInt32LE(24) === SAMPLE_RATE_HZ;
  if (!good)
    return fail(
      'dataset.wav-format',
      { bytes: wav.length },
      'espeak-ng answered with something else than mono 16-bit PCM at 22.05 kHz.',
      'Use espeak-ng 1.50 or later.',
    );
  const samples = new Int16Array((wav.length - 44) >> 1);
  for (let i = 0; i < samples.length; i++) samples[i] = wav.readInt16LE(44 + 2 * i);
  return ok(samples);
}
