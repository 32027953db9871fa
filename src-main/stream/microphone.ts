import type { Clock } from '../base/clock.ts';
import { WallClock } from '../base/clock.ts';
import { fail, ok, type Failure, type Result } from '../base/errors.ts';
import type { SourceOrigin } from '../contract/index.ts';
import type { Link } from '../link/link.ts';
import { openProcess } from '../link/process.ts';
import type { SampleFormat, StreamBlock } from './sample-block.ts';
import { blockFrames, type StreamSource } from './source.ts';

export interface MicrophoneOptions {
  /** As `arecord -L` lists it; '' is the default one. */
  readonly device: string;
  readonly sampleRateHz: number;
  /** Not used for time: a microphone lives in wall time, whatever the target does. */
  readonly clock?: Clock;
  /** For tests: programs that give raw 16-bit mono samples, in the order in which they are tried. */
  readonly programs?: readonly (readonly [string, ...string[]])[];
}

/** ALSA's arecord, SoX's rec; both resample in hardware or software to what is asked for. */
function recorders({ device, sampleRateHz }: MicrophoneOptions): [string, ...string[]][] {
  const rate = String(sampleRateHz);
  return [
    ['arecord', '-q', '-t', 'raw', '-f', 'S16_LE', '-c', '1', '-r', rate, ...(device ? ['-D', device] : [])],
    ['rec', '-q', '-t', 'raw', '-b', '16', '-e', 'signed-integer', '-L', '-c', '1', '-r', rate, '-'],
  ];
}

/** So long nothing may come: then the microphone is gone, or another program holds it. */
const SILENT_US = 3_000_000;
/** So far the samples may be behind the clock before the recorder has lost some (its own buffer is 0.5 s). */
const BEHIND_S = 1;

/** The microphone through `arecord` or SoX's `rec`, whichever is found. */
export async function openMicrophone(options: MicrophoneOptions): Promise<Result<StreamSource>> {
  const tried: string[] = [];
  for (const [program, ...args] of options.programs ?? recorders(options)) {
    const link = await openProcess(program, args, new WallClock());
    if (link.ok) return ok(new MicrophoneSource(link.value, program, options));
    if (link.id !== 'link.not-found') return link;
    tried.push(program);
  }
  return fail(
    'stream.no-microphone',
    { tried },
    'Neither of the programs that record sound is installed.',
    'Install alsa-utils (arecord) or sox (rec), or stream a file or gen:kws.',
  );
}

class MicrophoneSource implements StreamSource {
  readonly format: SampleFormat;
  readonly origin: SourceOrigin;
  readonly live = true;
  readonly frameCount = null;
  readonly #link: Link;
  readonly #program: string;
  readonly #blockBytes: number;
  #held: Uint8Array = new Uint8Array(0);
  /** Samples that are missing after the first `#beforeGap` bytes of what is held. */
  #gap = 0;
  #beforeGap = 0;
  /** Samples given and missing so far. */
  #index = 0;
  #beganUs: number | null = null;
  #lost = 0;

  constructor(link: Link, program: string, { device, sampleRateHz }: MicrophoneOptions) {
    this.#link = link;
    this.#program = program;
    this.format = { kind: 'audio', channels: 1, sampleRateHz };
    this.#blockBytes = blockFrames(this.format) * 2;
    this.origin = { kind: 'microphone', name: device || 'default', sha256: null, details: [program] };
  }

  begin(): void {
    this.#link.discardInput();
    this.#held = new Uint8Array(0);
    this.#gap = 0;
    this.#beganUs = null;
  }

  async next(): Promise<Result<StreamBlock | null>> {
    while (this.#held.length < this.#blockBytes && this.#gap === 0) {
      const more = await this.#more();
      if (!more.ok) return more;
    }
    const lost = this.#gap;
    const bytes = lost > 0 ? this.#beforeGap : this.#blockBytes;
    if (bytes > 0) {
      this.#beforeGap = 0;
      return ok(this.#samples(bytes));
    }
    this.#gap = 0;
    const block: StreamBlock = {
      type: 'gap',
      ...this.#place(),
      sampleCount: lost,
      reason: 'the recorder fell behind the clock',
    };
    this.#index += lost;
    this.#lost += lost;
    return ok(block);
  }

  #place() {
    return {
      format: this.format,
      firstSample: this.#index,
      timeUs: (this.#index * 1e6) / this.format.sampleRateHz,
    };
  }

  #samples(bytes: number): StreamBlock {
    const samples = new Int16Array(this.#held.slice(0, bytes).buffer);
    this.#held = this.#held.subarray(bytes);
    const block: StreamBlock = { type: 'samples', ...this.#place(), samples };
    this.#index += samples.length;
    return block;
  }

  /**
   * A read hands over all that waits, so a reader that is slow loses nothing. Where even then fewer samples have come than
   * the clock allows, the recorder lost some before those that came now.
   */
  async #more(): Promise<Result<void>> {
    const { clock } = this.#link;
    const read = await this.#link.read({ deadlineUs: clock.nowUs() + SILENT_US, atLeast: this.#blockBytes });
    if (read.kind === 'closed') return this.#gone(read.reason);
    if (read.kind === 'timeout') return this.#gone(`nothing came for ${SILENT_US / 1e6} s`);
    const { sampleRateHz } = this.format;
    const come = read.bytes.length / 2;
    this.#beganUs ??= clock.nowUs() - (come * 1e6) / sampleRateHz;
    const due = ((clock.nowUs() - this.#beganUs) * sampleRateHz) / 1e6;
    const behind = Math.floor(due - come - this.#index - this.#held.length / 2);
    if (behind > BEHIND_S * sampleRateHz) {
      this.#gap = behind;
      this.#beforeGap = this.#held.length & ~1;
    }
    const joined = new Uint8Array(this.#held.length + read.bytes.length);
    joined.set(this.#held);
    joined.set(read.bytes, this.#held.length);
    this.#held = joined;
    return ok();
  }

  #gone(reason: string): Failure {
    const facts = { source: `mic:${this.origin.name}`, program: this.#program, reason, samples: this.#index };
    return this.#index === 0
      ? fail(
          'stream.no-microphone',
          facts,
          'The recorder gave no sound: there is no microphone, or another program holds it.',
          'Check with arecord -l; name a device with --source mic:DEVICE.',
        )
      : fail(
          'stream.source-lost',
          facts,
          'The microphone was unplugged or its recorder ended.',
          'Plug it in again and start anew; what was streamed is kept.',
        );
  }

  truth(): null {
    return null;
  }

  notes(): readonly string[] {
    return this.#lost > 0 ? [`about ${this.#lost} samples were lost by the recorder`] : [];
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve(this.#link[Symbol.asyncDispose]());
  }
}
