import { sha256Hex } from '../../base/crc.ts';
import type { Clock } from '../../base/clock.ts';
import { fail, ok, type Failure, type Result } from '../../base/errors.ts';
import type { Link } from '../../link/link.ts';
import type { MonitorAccuracy } from '../../trace/accuracy.ts';
import { float32Buffer, float32Calibration } from '../../trace/float32.ts';
import type { SampleReceiver, SampleSource, StreamEnd } from '../../trace/source.ts';
import {
  alreadyStreams,
  badVoltage,
  changedInStream,
  linkLost,
  noSupplySet,
  onlySupplies,
} from '../failures.ts';
import { settledEnd } from '../stream-stop.ts';
import type { Monitor, MonitorDescriptor, MonitorIdentity, SupplySetting } from '../monitor.ts';
import { ScpiConversation } from './conversation.ts';
import { scpi } from './descriptor.ts';
import { scpiProfiles, type ScpiProfile } from './profile.ts';

/** Blocks are fetched so often. */
const FETCH_US = 100_000;
/** Answers that may fail to come in a row before the stream is given up. */
const PATIENCE = 3;
/** Records that a log may lack against the clock before it is said, in fetches. */
const LAG_FETCHES = 10;

export interface ScpiOptions {
  readonly serial?: string;
  readonly accuracy?: MonitorAccuracy;
  /** By id; the one that fits the instrument's name where absent. */
  readonly profile?: string;
  /** Of readings; the profile's where absent. */
  readonly sampleRateHz?: number;
}

/**
 * Asks the instrument who it is and takes the profile that fits.
 * `monitor.no-reply`, `monitor.not-understood`, `monitor.unknown-profile`, `monitor.link-lost`, `link.*`.
 */
export async function openScpi(link: Link, options: ScpiOptions = {}): Promise<Result<ScpiMonitor>> {
  const talk = new ScpiConversation(link);
  const settled = await talk.settle();
  if (!settled.ok) return settled;
  const idn = await talk.askLine('*IDN?');
  if (!idn.ok) return idn;
  const profile = scpiProfiles.find((p) =>
    options.profile === undefined ? p.idn.test(idn.value) : p.id === options.profile,
  );
  if (profile) return ok(new ScpiMonitor(link, talk, idn.value, profile, options));
  return fail(
    'monitor.unknown-profile',
    { profile: options.profile ?? '', idn: idn.value.slice(0, 80), known: scpiProfiles.map((p) => p.id) },
    'There is no profile of this name.',
    'Choose one that is known, or leave it out.',
  );
}

/**
 * A SCPI source meter behind a link. Its samples are fetched: recording moves a simulated world's time. It has no input
 * that shows windows.
 */
export class ScpiMonitor implements Monitor {
  readonly descriptor: MonitorDescriptor;
  readonly identity: MonitorIdentity;
  readonly accuracy: MonitorAccuracy;
  readonly clock: Clock;
  readonly streamFormat: SampleSource['streamFormat'];
  readonly verdictUs = 0;
  readonly profile: ScpiProfile;
  readonly #link: Link;
  readonly #talk: ScpiConversation;
  #supply: SupplySetting | undefined;
  #streaming = false;
  #stop = new AbortController();
  #streamDone: Promise<StreamEnd> | undefined;

  constructor(link: Link, talk: ScpiConversation, idn: string, profile: ScpiProfile, options: ScpiOptions) {
    this.#link = link;
    this.#talk = talk;
    this.clock = link.clock;
    this.profile = profile;
    this.accuracy = options.accuracy ?? profile.accuracy;
    const [maker = '', model = '', serial = '', firmware = ''] = idn.split(',').map((s) => s.trim());
    this.identity = {
      kind: 'scpi',
      serial: options.serial ?? (serial === '' ? null : serial),
      hardware: [maker, model].filter(Boolean).join(' ') || null,
      calibration: {
        origin: 'device',
        remarks: [`profile ${profile.id}`],
        hash: sha256Hex(new TextEncoder().encode(`${profile.id} ${idn}`)).slice(0, 8),
      },
    };
    const own = profile.source.kind === 'readings' ? options.sampleRateHz : undefined;
    const sampleRateHz = own ?? profile.source.sampleRateHz;
    this.descriptor = { ...scpi, sampleRateHz, source: { minMv: profile.minMv, maxMv: profile.maxMv } };
    this.streamFormat = {
      codecId: 'float32',
      sampleRateHz,
      rangeCount: 1,
      monitor: { kind: 'scpi', serial: this.identity.serial, firmware: firmware || null },
    };
  }

  async setSupply(setting: SupplySetting): Promise<Result<void>> {
    if (this.#streaming) return changedInStream();
    if (setting.mode === 'ampere') return onlySupplies('SCPI source meter');
    const mv = setting.millivolts;
    const { minMv, maxMv } = this.profile;
    if (!(Number.isInteger(mv) && mv >= minMv && mv <= maxMv))
      return badVoltage('SCPI source meter', mv, minMv, maxMv);
    const set = await this.#talk.set(`VOLT ${(mv / 1000).toFixed(3)}`);
    if (set.ok) this.#supply = setting;
    return set;
  }

  setDutPower(on: boolean): Promise<Result<void>> {
    return this.#talk.set(`OUTP ${on ? 'ON' : 'OFF'}`);
  }

  async stream(receiver: SampleReceiver): Promise<StreamEnd> {
    if (this.#streaming) return { kind: 'refused', failure: alreadyStreams() };
    const supply = this.#supply;
    if (!supply) return { kind: 'refused', failure: noSupplySet() };
    this.#streaming = true;
    this.#stop = new AbortController();
    receiver.calibration(float32Calibration());
    this.#streamDone = this.#run(receiver, supply);
    const end = await this.#streamDone;
    this.#streaming = false;
    return end;
  }

  async stopStream(): Promise<void> {
    this.#stop.abort();
    await this.#streamDone;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stopStream();
    await this.#link[Symbol.asyncDispose]();
  }

  async #run(receiver: SampleReceiver, supply: SupplySetting): Promise<StreamEnd> {
    const measured = await this.#supplyRecord(receiver, supply);
    const { source } = this.profile;
    const end = !measured.ok
      ? await this.#lost(receiver, measured)
      : source.kind === 'readings'
        ? await this.#readings(receiver)
        : await this.#log(receiver, source);
    return end;
  }

  /** The voltage as measured where the output is on; the set point, with the same bound, where it is not. */
  async #supplyRecord(receiver: SampleReceiver, supply: SupplySetting): Promise<Result<void>> {
    const volts = await this.#talk.askNumber('MEAS:VOLT?');
    if (!volts.ok) return volts;
    const setV = supply.millivolts / 1000;
    const isOn = volts.value > 0.5 * setV;
    const value = isOn ? volts.value : setV;
    const { voltageRel, voltageMv } = this.profile;
    const bound = supply.uncertaintyMv ?? voltageRel * value * 1000 + voltageMv;
    receiver.supply({
      volts: value,
      uncertaintyV: bound / 1000,
      origin: isOn ? 'measured' : 'set-point',
    });
    return ok();
  }

  /** One reading a sample period; a period in which none could be taken is a gap. */
  async #readings(receiver: SampleReceiver): Promise<StreamEnd> {
    const periodUs = 1e6 / this.streamFormat.sampleRateHz;
    const startUs = this.clock.nowUs();
    const { words, amperes } = float32Buffer(1);
    let slot = 0;
    let failures = 0;
    for (;;) {
      await this.clock.sleepUntilUs(startUs + slot * periodUs, this.#stop.signal);
      if (this.#stop.signal.aborted) return settledEnd(receiver, null);
      const current = await this.#talk.askNumber('MEAS:CURR?');
      if (!current.ok) {
        const giveUp = current.id !== 'monitor.no-reply' || ++failures >= PATIENCE;
        receiver.mark('scpi.no-reading', current.id);
        if (giveUp) return this.#lost(receiver, current);
        continue;
      }
      failures = 0;
      const now = Math.max(slot, Math.floor((this.clock.nowUs() - startUs) / periodUs));
      if (now > slot) receiver.gap(now - slot, 'monitor-overrun');
      slot = now + 1;
      if (Number.isNaN(current.value)) {
        receiver.mark('scpi.overflow', 'the instrument gave no number');
        receiver.gap(1, 'monitor-overrun');
      } else {
        amperes[0] = current.value;
        receiver.words(words, 0, 1);
      }
      const settled = await receiver.settle();
      if (!settled.ok) return { kind: 'refused', failure: settled };
    }
  }

  async #log(
    receiver: SampleReceiver,
    source: ScpiProfile['source'] & { readonly kind: 'log' },
  ): Promise<StreamEnd> {
    for (const command of source.begin) {
      const done = await this.#talk.set(command);
      if (!done.ok) return this.#lost(receiver, done);
    }
    const log = new LogReader(receiver, source.sampleRateHz, this.clock.nowUs());
    let failures = 0;
    let stopping = false;
    for (;;) {
      await this.clock.sleepUntilUs(this.clock.nowUs() + FETCH_US, this.#stop.signal);
      // one fetch more after the stop: what was sampled until then
      const last = stopping;
      stopping = this.#stop.signal.aborted;
      if (last) break;
      const block = await this.#talk.askBlock(source.fetch);
      if (block.ok) {
        failures = 0;
        log.push(block.value, this.clock.nowUs());
        const settled = await receiver.settle();
        if (!settled.ok) return this.#endLog(source.end, { kind: 'refused', failure: settled });
      } else {
        receiver.mark('scpi.no-reading', block.id);
        if (block.id !== 'monitor.no-reply' || ++failures >= PATIENCE) return this.#lost(receiver, block);
      }
    }
    return this.#endLog(source.end, await settledEnd(receiver, null));
  }

  async #endLog(commands: readonly string[], end: StreamEnd): Promise<StreamEnd> {
    // how the stream ended is known; an instrument that goes on logging harms nothing
    for (const command of commands) await this.#talk.set(command);
    return end;
  }

  /** Whoever writes finds a pulled plug before whoever reads: it is the same end. */
  async #lost(receiver: SampleReceiver, cause: Failure): Promise<StreamEnd> {
    const failure = cause.id.startsWith('link.') ? linkLost(this.#link, cause.id) : cause;
    receiver.mark(failure.id, failure.cause);
    return settledEnd(receiver, failure);
  }
}

/** Blocks of (V, A) pairs → words; what the log lacks against the clock becomes a gap. */
class LogReader {
  readonly #receiver: SampleReceiver;
  readonly #rateHz: number;
  readonly #startUs: number;
  #samples = 0;

  constructor(receiver: SampleReceiver, rateHz: number, startUs: number) {
    this.#receiver = receiver;
    this.#rateHz = rateHz;
    this.#startUs = startUs;
  }

  push(block: Uint8Array, nowUs: number): void {
    const pairs = Math.floor(block.length / 8);
    if (block.length % 8 !== 0) this.#receiver.mark('scpi.torn-block', `${block.length} bytes`);
    const view = new DataView(block.buffer, block.byteOffset, pairs * 8);
    const { words, amperes } = float32Buffer(Math.max(1, pairs));
    for (let i = 0; i < pairs; i++) {
      const a = view.getFloat32(i * 8 + 4, true);
      amperes[i] = Math.abs(a) < 9e37 ? a : NaN;
    }
    if (amperes.subarray(0, pairs).some((a) => Number.isNaN(a)))
      this.#receiver.mark('scpi.overflow', 'the instrument gave no number');
    if (pairs > 0) this.#receiver.words(words, 0, pairs);
    this.#samples += pairs;
    // the log has no time stamps and no counter: only a lack beyond what fetching can explain is a loss
    const due = ((nowUs - this.#startUs) * this.#rateHz) / 1e6;
    const lacking = Math.round(due - this.#samples);
    if (lacking <= (LAG_FETCHES * FETCH_US * this.#rateHz) / 1e6) return;
    this.#receiver.mark('scpi.log-late', `${lacking} samples behind the clock`);
    this.#receiver.gap(lacking, 'monitor-overrun');
    this.#samples += lacking;
  }
}
