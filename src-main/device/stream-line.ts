import type { StreamReport, StreamWindowRecord } from '../abi/generated.ts';
import type { Clock } from '../base/clock.ts';
import { fail, ok, type Failure, type Result } from '../base/errors.ts';
import { closedFailure } from '../link/closed.ts';
import type { Link } from '../link/link.ts';
import type { Conversation } from './conversation.ts';
import { encodeStreamFrame, StreamSplitter, type DeviceFrame, type HostFrame } from './stream-codec.ts';

/** Sample frames [firstSample, firstSample + sampleCount) never reached the model. Indices since the stream began. */
export interface LineGap {
  readonly firstSample: number;
  readonly sampleCount: number;
}

/** What the device said, in the order it came. Indices and counts are unwrapped. */
export type LineEvent =
  | {
      readonly kind: 'window' | 'dropped';
      readonly record: StreamWindowRecord;
      readonly lastSample: number;
      /** Gaps the device knew of at that moment. */
      readonly gaps: number;
      readonly output: Uint8Array;
      readonly features: Uint8Array;
      readonly receivedUs: number;
    }
  | { readonly kind: 'gap'; readonly gap: LineGap }
  | { readonly kind: 'report'; readonly report: StreamReport };

export interface StreamLineOptions {
  /** Without a sign of life for so long the stream counts as lost. */
  readonly stallUs: number;
  readonly onEvent: (event: LineEvent) => void;
}

/**
 * Without an answer for so long the state of things is asked for, then after twice the time, and so on: the ring has
 * spare room for the few probes of two seconds, however long an inference takes.
 */
const PROBE_US = 100_000;
const END_ATTEMPTS = 3;
const SEQUENCES = 0x10000;

/** As `mj stream` answered. */
interface Room {
  readonly ringBytes: number;
  readonly frames: number;
}

/**
 * The host's end of a running stream: numbers and sends frames as far as the device has room, keeps the list of gaps
 * complete, finds the step again after noise. It reads the link only while one of its methods is awaited.
 */
export class StreamLine {
  readonly ringBytes: number;
  /** In the device's order, complete up to `gaps.length`. */
  readonly gaps: LineGap[] = [];
  /** Damaged frames on the way here. */
  badFrames = 0;
  /** Times a frame had to wait for room. */
  creditWaits = 0;
  /** The last that was heard. */
  report: StreamReport | null = null;
  readonly #talk: Conversation;
  readonly #options: StreamLineOptions;
  #splitter = new StreamSplitter();
  #link: Link;
  #sequence = 0;
  #limit: number;
  #nextSample = 0;
  #heardUs: number;
  #probedUs = -Infinity;
  #probeWaitUs = PROBE_US;
  #resumed = false;
  #held = new Map<number, LineGap>();
  #ended = false;
  #over = false;

  constructor(talk: Conversation, room: Room, options: StreamLineOptions) {
    this.#talk = talk;
    this.#link = talk.link;
    this.#options = options;
    this.ringBytes = room.ringBytes;
    this.#limit = room.frames;
    this.#heardUs = talk.link.clock.nowUs();
  }

  get clock(): Clock {
    return this.#link.clock;
  }

  /** Index after the last sample handed over. */
  get nextSample(): number {
    return this.#nextSample;
  }

  /** The device has said all gaps it knows of. */
  get gapsKnown(): boolean {
    return this.gaps.length >= (this.report?.gaps ?? 0);
  }

  /** Sends `count` sample frames; those between `nextSample` and `firstSample` are a gap on both sides. */
  async send(firstSample: number, count: number, payload: Uint8Array): Promise<Result<void>> {
    const room = await this.#awaitRoom();
    if (!room.ok) return room;
    const sequence = this.#sequence;
    this.#sequence = (this.#sequence + 1) % SEQUENCES;
    this.#nextSample = firstSample + count;
    const sent = await this.#write({ type: 'samples', sequence, firstSample, count, payload });
    return sent.ok ? this.pump(this.clock.nowUs()) : sent;
  }

  /** Serves the link until `untilUs`, and at least once. */
  async pump(untilUs: number): Promise<Result<void>> {
    for (;;) {
      const read = await this.#read(untilUs);
      if (!read.ok) return read;
      if (!read.value) return ok();
      const asked = await this.#askForGaps();
      if (!asked.ok) return asked;
    }
  }

  /** Waits until the device has taken all that was sent, or lost it and said so. */
  async settle(): Promise<Result<void>> {
    const asked = await this.#probe();
    if (!asked.ok) return asked;
    const fresh = this.clock.nowUs();
    this.#heardUs = Math.max(this.#heardUs, fresh);
    for (;;) {
      const done =
        this.report !== null && this.report.nextSample === this.#nextSample >>> 0 && this.gapsKnown;
      if (done) return ok();
      const served = await this.#serveOrProbe();
      if (!served.ok) return served;
    }
  }

  /** Ends the stream and finds the dialect again; after `resume` that is left to a new session. */
  async finish(): Promise<Result<void>> {
    const settled = await this.settle();
    if (!settled.ok) {
      await this.abort();
      return settled;
    }
    for (let attempt = 0; attempt < END_ATTEMPTS && !this.#ended; attempt++) {
      const sent = await this.#write({
        type: 'end',
        sequence: this.#sequence,
        firstSample: this.#nextSample,
      });
      if (!sent.ok) return sent;
      const deadlineUs = this.clock.nowUs() + this.#options.stallUs;
      while (!this.#ended && this.clock.nowUs() < deadlineUs) {
        const read = await this.#read(deadlineUs);
        if (!read.ok) return read;
      }
    }
    this.#over = true;
    return this.#resumed ? ok() : this.#talk.synchronise();
  }

  /** Ends the stream whatever its state; without an answer the device goes back after its time of silence. */
  async abort(): Promise<void> {
    if (this.#over) return;
    this.#over = true;
    this.#talk.loseStep();
    await this.#write({ type: 'end', sequence: this.#sequence, firstSample: this.#nextSample });
  }

  /**
   * Goes on over a link that was opened again while the device still waits in its stream. Fails with `stream.lost` when
   * it does not: then a new stream must begin.
   */
  async resume(link: Link): Promise<Result<void>> {
    this.#link = link;
    this.#resumed = true;
    this.#probeWaitUs = PROBE_US;
    this.#splitter = new StreamSplitter();
    const sinceUs = this.clock.nowUs();
    this.#heardUs = sinceUs;
    const before = this.report?.sequence;
    const asked = await this.#probe();
    if (!asked.ok) return asked;
    while (this.report?.sequence === before) {
      const served = await this.#serveOrProbe();
      if (served.ok) continue;
      return served.id === 'device.stream-stalled'
        ? fail(
            'device.stream-lost',
            { address: link.address, waitedMs: Math.round((this.clock.nowUs() - sinceUs) / 1000) },
            'The device has left its stream meanwhile.',
            'Begin a new stream; the samples between are a gap.',
          )
        : served;
    }
    return ok();
  }

  get #roomLeft(): number {
    const left = (this.#limit - this.#sequence + SEQUENCES) % SEQUENCES;
    return left < SEQUENCES / 2 ? left : 0;
  }

  async #awaitRoom(): Promise<Result<void>> {
    if (this.#over) return this.#overFailure();
    if (this.#roomLeft > 0) return ok();
    this.creditWaits++;
    this.#heardUs = Math.max(this.#heardUs, this.clock.nowUs());
    while (this.#roomLeft === 0) {
      const served = await this.#serveOrProbe();
      if (!served.ok) return served;
    }
    return ok();
  }

  #overFailure(): Failure {
    return fail(
      'device.stream-over',
      { address: this.#link.address },
      'The stream has been finished or aborted.',
      'Open a new one.',
    );
  }

  /** One read; a probe when it brought nothing for a while; `device.stream-stalled` when nothing helps. */
  async #serveOrProbe(): Promise<Result<void>> {
    const nowUs = this.clock.nowUs();
    const giveUpUs = this.#heardUs + this.#options.stallUs;
    if (nowUs >= giveUpUs)
      return fail(
        'device.stream-stalled',
        { address: this.#link.address, waitedMs: Math.round(this.#options.stallUs / 1000) },
        'The device has said nothing: it hangs, was reset, or the cable is out.',
        'Check board and cable; the device goes back to its dialect by itself.',
      );
    const probeAtUs = Math.max(this.#probedUs, this.#heardUs) + this.#probeWaitUs;
    if (nowUs >= probeAtUs) return this.#probe();
    const read = await this.#read(Math.min(probeAtUs, giveUpUs));
    if (!read.ok) return read;
    return read.value ? this.#askForGaps() : ok();
  }

  async #probe(): Promise<Result<void>> {
    this.#probedUs = this.clock.nowUs();
    this.#probeWaitUs *= 2;
    return this.#write({ type: 'probe', sequence: this.#sequence, firstSample: this.#nextSample });
  }

  async #askForGaps(): Promise<Result<void>> {
    if (this.gapsKnown || this.clock.nowUs() < this.#probedUs + PROBE_US / 4) return ok();
    this.#probedUs = this.clock.nowUs();
    return this.#write({ type: 'gaps', fromIndex: this.gaps.length });
  }

  #write(frame: HostFrame): Promise<Result<void>> {
    return this.#link.write(encodeStreamFrame(frame));
  }

  /** False: nothing came before the deadline. */
  async #read(deadlineUs: number): Promise<Result<boolean>> {
    const read = await this.#link.read({ deadlineUs, until: 0 });
    if (read.kind === 'closed') return closedFailure(this.#link.address, read.reason, read.expected);
    if (read.kind === 'timeout') return ok(false);
    const receivedUs = this.clock.nowUs();
    this.#splitter.push(read.bytes, (frame) => {
      if (frame) this.#take(frame, receivedUs);
      else this.badFrames++;
    });
    return ok(true);
  }

  #take(frame: DeviceFrame, receivedUs: number): void {
    const { report } = frame;
    this.#heardUs = receivedUs;
    this.#probeWaitUs = PROBE_US;
    this.report = report;
    this.#limit = report.limitSequence;
    if (frame.kind === 'gap') this.#takeGap(frame.gap.index, frame.gap.firstSample, frame.gap.sampleCount);
    if (frame.kind === 'window' || frame.kind === 'dropped')
      this.#options.onEvent({
        kind: frame.kind,
        record: frame.window,
        lastSample: this.#unwrapped(frame.window.lastSample),
        gaps: report.gaps,
        output: frame.kind === 'window' ? frame.output : new Uint8Array(0),
        features: frame.kind === 'window' ? frame.features : new Uint8Array(0),
        receivedUs,
      });
    this.#options.onEvent({ kind: 'report', report });
    if (frame.kind === 'ended') this.#ended = true;
  }

  /** Gap messages may be lost and come again: the list grows in order only. */
  #takeGap(index: number, firstSample: number, sampleCount: number): void {
    if (index < this.gaps.length) return;
    this.#held.set(index, { firstSample: this.#unwrapped(firstSample), sampleCount });
    for (;;) {
      const next = this.#held.get(this.gaps.length);
      if (!next) return;
      this.#held.delete(this.gaps.length);
      this.gaps.push(next);
      this.#options.onEvent({ kind: 'gap', gap: next });
    }
  }

  /** The index near `nextSample` that has these low 32 bits. */
  #unwrapped(low: number): number {
    const distance = (this.#nextSample - low) % 2 ** 32;
    return this.#nextSample - (distance < 0 ? distance + 2 ** 32 : distance);
  }
}
