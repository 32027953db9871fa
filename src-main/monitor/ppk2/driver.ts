import { sha256Hex } from '../../base/crc.ts';
import { fail, failureText, ok, type Failure, type Result } from '../../base/errors.ts';
import type { Clock } from '../../base/clock.ts';
import type { Link } from '../../link/link.ts';
import type { MonitorAccuracy } from '../../trace/accuracy.ts';
import type { SampleReceiver, SampleSource, StreamEnd } from '../../trace/source.ts';
import { alreadyStreams, badVoltage, changedInStream, linkLost, noSupplySet, silent } from '../failures.ts';
import type { Monitor, MonitorDescriptor, MonitorIdentity, SupplySetting } from '../monitor.ts';
import { PPK2_VENDOR_ACCURACY, sourceVoltageBoundMv } from './accuracy.ts';
import {
  findMetadataEnd,
  findMetadataStart,
  parseMetadata,
  PPK2_RANGES,
  type Ppk2Metadata,
} from './calibration.ts';
import { ppk2 } from './descriptor.ts';
import { SilenceWatch } from '../silence.ts';
import { endOrCut, settledEnd } from '../stream-stop.ts';
import { Ppk2WordStream } from './word-stream.ts';

const COMMAND = {
  start: 0x06,
  stop: 0x07,
  dutPower: 0x0c,
  regulator: 0x0d,
  mode: 0x11,
  metadata: 0x19,
} as const;
const MODE = { ampere: 1, source: 2 } as const;

/** Quiet for so long after a stop means that nothing is under way any more. */
const QUIET_US = 30_000;
const DRAIN_LIMIT_US = 2_000_000;
const METADATA_TIMEOUT_US = 1_000_000;
const METADATA_TRIES = 3;
/** The clocks show a loss of 64 samples after three slots of half a second and the rest of the one it began in. */
const LOSS_VERDICT_US = 2_500_000;
/** More than any device prints; what exceeds it is not a PPK2. */
const METADATA_LIMIT_BYTES = 1 << 20;
const STOP_TIMEOUT_US = 500_000;
/** 20 ms of samples a read: enough to be cheap, little enough to be seen in time. */
const READ_BYTES = 8000;

export interface Ppk2Options {
  /** From USB, where the host knows it. */
  readonly serial?: string;
  /** Bounds of the readings; the maker's where absent. */
  readonly accuracy?: MonitorAccuracy;
  /** False records converted values without the spike filter. Default true. */
  readonly filtered?: boolean;
  /**
   * `passive` reads wait without moving a simulated world's time, for a recorder beside the run that drives it;
   * `active` ones move it. No difference on a real link. Default passive.
   */
  readonly reading?: 'passive' | 'active';
}

/**
 * Takes over the link: stops a stream that may still run, drains, reads the calibration.
 * `monitor.no-reply`, `monitor.not-understood`, `link.*`.
 */
export async function openPpk2(link: Link, options: Ppk2Options = {}): Promise<Result<Ppk2Monitor>> {
  let last: Failure | undefined;
  for (let attempt = 0; attempt < METADATA_TRIES; attempt++) {
    const stopped = await link.write(Uint8Array.of(COMMAND.stop));
    if (!stopped.ok) return stopped;
    const drained = await drain(link);
    if (!drained.ok) return drained;
    const asked = await link.write(Uint8Array.of(COMMAND.metadata));
    if (!asked.ok) return asked;
    const metadata = await readMetadata(link);
    if (metadata.ok) return ok(new Ppk2Monitor(link, metadata.value, options));
    if (metadata.id !== 'monitor.no-reply' && metadata.id !== 'monitor.not-understood') return metadata;
    last = metadata;
  }
  return last!;
}

async function drain(link: Link): Promise<Result<void>> {
  const giveUpUs = link.clock.nowUs() + DRAIN_LIMIT_US;
  link.discardInput();
  while (link.clock.nowUs() < giveUpUs) {
    const read = await link.read({ deadlineUs: link.clock.nowUs() + QUIET_US });
    if (read.kind === 'closed') return linkLost(link, read.reason);
    if (read.kind === 'timeout') return ok();
  }
  return fail(
    'monitor.not-understood',
    { address: link.address, stillSendingAfterMs: DRAIN_LIMIT_US / 1000 },
    'What is on this port goes on sending after a stop: it is not a PPK2, or another program drives it.',
    'Close other programs that use the port, or choose another port.',
  );
}

async function readMetadata(link: Link): Promise<Result<Ppk2Metadata>> {
  const deadlineUs = link.clock.nowUs() + METADATA_TIMEOUT_US;
  let got: Uint8Array = new Uint8Array();
  for (;;) {
    const read = await link.read({ deadlineUs });
    if (read.kind === 'closed') return linkLost(link, read.reason);
    if (read.kind === 'timeout') return noMetadata(link, got);
    got = joined(got, read.bytes);
    const start = findMetadataStart(got);
    if (start >= 0 && findMetadataEnd(got, start) >= 0) return ok(parseMetadata(got.subarray(start)));
    if (got.length > METADATA_LIMIT_BYTES) return noMetadata(link, got);
  }
}

function noMetadata(link: Link, got: Uint8Array): Failure {
  const facts = { address: link.address, waitedMs: METADATA_TIMEOUT_US / 1000, receivedBytes: got.length };
  return got.length === 0
    ? fail(
        'monitor.no-reply',
        facts,
        'Nothing answers on this port: the PPK2’s second (shell) port, another device, or no power.',
        'Try the other port of the PPK2; unplug it and plug it in again.',
      )
    : fail(
        'monitor.not-understood',
        facts,
        'What answers on this port does not send PPK2 metadata.',
        'Check that this is the data port of a PPK2 and that no other program reads it.',
      );
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const out = new Uint8Array(a.length + b.length);
  out.set(a);
  out.set(b, a.length);
  return out;
}

/** A PPK2 behind a link. Opened by `openPpk2`. */
export class Ppk2Monitor implements Monitor {
  readonly descriptor: MonitorDescriptor = ppk2;
  readonly identity: MonitorIdentity;
  readonly accuracy: MonitorAccuracy;
  readonly clock: Clock;
  readonly streamFormat: SampleSource['streamFormat'];
  readonly metadata: Ppk2Metadata;
  readonly verdictUs: number;
  readonly #link: Link;
  readonly #filtered: boolean;
  readonly #reading: 'passive' | 'active';
  #supply: SupplySetting | undefined;
  #phase: 'idle' | 'streaming' | 'stopping' = 'idle';
  #tail: Uint8Array = new Uint8Array();
  #streamDone: Promise<StreamEnd> | undefined;

  constructor(link: Link, metadata: Ppk2Metadata, options: Ppk2Options) {
    this.#link = link;
    this.clock = link.clock;
    this.verdictUs = link.deterministic ? 0 : LOSS_VERDICT_US;
    this.metadata = metadata;
    this.accuracy = options.accuracy ?? PPK2_VENDOR_ACCURACY;
    this.#filtered = options.filtered ?? true;
    this.#reading = options.reading ?? 'passive';
    this.identity = {
      kind: 'ppk2',
      serial: options.serial ?? null,
      hardware: metadata.hardware,
      calibration: {
        origin: metadata.origin,
        remarks: metadata.remarks,
        hash: sha256Hex(new TextEncoder().encode(JSON.stringify(metadata.calibration))).slice(0, 8),
      },
    };
    this.streamFormat = {
      codecId: 'ppk2',
      sampleRateHz: ppk2.sampleRateHz,
      rangeCount: PPK2_RANGES,
      monitor: { kind: 'ppk2', serial: this.identity.serial, firmware: metadata.hardware },
    };
  }

  async setSupply(setting: SupplySetting): Promise<Result<void>> {
    if (this.#phase !== 'idle') return changedInStream();
    const { minMv, maxMv } = ppk2.source!;
    const mv = setting.millivolts;
    if (!(Number.isInteger(mv) && mv >= minMv && mv <= maxMv)) return badVoltage('PPK2', mv, minMv, maxMv);
    const mode = await this.#command(COMMAND.mode, MODE[setting.mode]);
    if (!mode.ok) return mode;
    const regulator = await this.#command(COMMAND.regulator, mv >> 8, mv & 0xff);
    if (regulator.ok) this.#supply = setting;
    return regulator;
  }

  async setDutPower(on: boolean): Promise<Result<void>> {
    return this.#command(COMMAND.dutPower, on ? 1 : 0);
  }

  async stream(receiver: SampleReceiver): Promise<StreamEnd> {
    if (this.#phase !== 'idle') return { kind: 'refused', failure: alreadyStreams() };
    const supply = this.#supply;
    if (!supply) return { kind: 'refused', failure: noSupplySet() };
    const volts = supply.millivolts / 1000;
    receiver.calibration(
      JSON.stringify({ calibration: this.metadata.calibration, volts, filtered: this.#filtered }),
    );
    receiver.supply({
      volts,
      uncertaintyV: (supply.uncertaintyMv ?? sourceVoltageBoundMv(supply.millivolts)) / 1000,
      origin: 'set-point',
    });
    this.#phase = 'streaming';
    this.#tail = new Uint8Array();
    this.#streamDone = this.#run(receiver);
    const end = await this.#streamDone;
    this.#phase = 'idle';
    return end;
  }

  /**
   * Sends stop and then asks for the metadata: its text after the last sample proves that the stream ended, and
   * wakes a passive read that would otherwise wait for ever.
   */
  async stopStream(): Promise<void> {
    const done = this.#streamDone;
    if (!done || this.#phase === 'idle') return;
    if (this.#phase === 'streaming') {
      this.#phase = 'stopping';
      await this.#command(COMMAND.stop);
      await this.#command(COMMAND.metadata);
    }
    await endOrCut(done, this.#link, 2 * STOP_TIMEOUT_US);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stopStream();
    await this.#link[Symbol.asyncDispose]();
  }

  #command(...bytes: number[]): Promise<Result<void>> {
    return this.#link.write(Uint8Array.from(bytes));
  }

  async #run(receiver: SampleReceiver): Promise<StreamEnd> {
    this.#link.discardInput();
    const started = await this.#command(COMMAND.start);
    if (!started.ok) return { kind: 'lost', failure: started };
    const words = new Ppk2WordStream(receiver);
    const silence = new SilenceWatch(this.clock);
    for (;;) {
      const stopping = this.#phase === 'stopping';
      const read = await this.#link.read(this.#readRequest(silence));
      if (read.kind === 'closed') return this.#linkEnded(words, receiver, read.reason, read.expected);
      if (read.kind === 'timeout') {
        if (stopping) return this.#finish(words, receiver, false);
        const silentS = silence.missed();
        if (silentS !== null) return this.#gaveUp(words, receiver, silent(this.#link, silentS));
        continue;
      }
      const pauseMs = silence.heard();
      if (pauseMs !== null) receiver.mark('monitor.stalled', `nothing came for ${pauseMs} ms`);
      if (this.#phase === 'stopping') {
        this.#tail = joined(this.#tail, read.bytes);
        const start = findMetadataStart(this.#tail);
        if (start >= 0 && findMetadataEnd(this.#tail, start) >= 0) {
          this.#tail = this.#tail.subarray(0, start);
          return this.#finish(words, receiver, true);
        }
        if (this.#tail.length > METADATA_LIMIT_BYTES) return this.#finish(words, receiver, false);
        continue;
      }
      words.push(read.bytes, this.clock.nowUs());
      const settled = await receiver.settle();
      if (!settled.ok) return this.#refused(settled);
    }
  }

  /** A passive read names no least count: what arrives after the stop may be less, and nothing else would wake it. */
  #readRequest(silence: SilenceWatch): { deadlineUs: number; atLeast?: number } {
    const now = this.clock.nowUs();
    if (this.#phase === 'stopping') return { deadlineUs: now + STOP_TIMEOUT_US };
    return this.#reading === 'passive'
      ? { deadlineUs: silence.deadlineUs }
      : { deadlineUs: now + 100_000, atLeast: READ_BYTES };
  }

  async #finish(words: Ppk2WordStream, receiver: SampleReceiver, confirmed: boolean): Promise<StreamEnd> {
    words.push(this.#tail, this.clock.nowUs());
    words.end();
    if (!confirmed) receiver.mark('monitor.stop-unconfirmed', 'the monitor did not answer after the stop');
    return settledEnd(receiver, null);
  }

  async #linkEnded(
    words: Ppk2WordStream,
    receiver: SampleReceiver,
    reason: string,
    expected: boolean,
  ): Promise<StreamEnd> {
    words.push(this.#tail, this.clock.nowUs());
    words.end();
    if (expected) return { kind: 'stopped' };
    receiver.mark('monitor.link-lost', reason);
    return settledEnd(receiver, linkLost(this.#link, reason));
  }

  async #gaveUp(words: Ppk2WordStream, receiver: SampleReceiver, failure: Failure): Promise<StreamEnd> {
    words.end();
    receiver.mark('monitor.silent', failure.cause);
    return settledEnd(receiver, failure);
  }

  async #refused(failure: Failure): Promise<StreamEnd> {
    // the failure of the receiver is what counts; a monitor that cannot be stopped any more changes nothing
    const stopped = await this.#command(COMMAND.stop);
    return {
      kind: 'refused',
      failure: stopped.ok
        ? failure
        : { ...failure, facts: { ...failure.facts, alsoStop: failureText(stopped) } },
    };
  }
}
