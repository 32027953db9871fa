import { sha256Hex } from '../../base/crc.ts';
import type { Clock } from '../../base/clock.ts';
import { fail, ok, type Failure, type Result } from '../../base/errors.ts';
import type { Link } from '../../link/link.ts';
import type { MonitorAccuracy } from '../../trace/accuracy.ts';
import type { SampleReceiver, SampleSource, StreamEnd } from '../../trace/source.ts';
import {
  alreadyStreams,
  badVoltage,
  changedInStream,
  linkLost,
  noSupplySet,
  onlySupplies,
  silent,
} from '../failures.ts';
import type { Monitor, MonitorDescriptor, MonitorIdentity, SupplySetting } from '../monitor.ts';
import { SilenceWatch } from '../silence.ts';
import { endOrCut, settledEnd } from '../stream-stop.ts';
import { WordBuffer } from '../word-buffer.ts';
import { lpm01aVendorAccuracy, lpm01aVoltageBoundMv, type Lpm01aFormat } from './accuracy.ts';
import { Lpm01aAsciiStream } from './ascii-stream.ts';
import { Lpm01aBinaryStream } from './binary-stream.ts';
import type { Lpm01aSettings } from './codec.ts';
import { Lpm01aConversation } from './conversation.ts';
import { LPM01A_ASCII_LIMIT_HZ, LPM01A_RATES_HZ, lpm01a } from './descriptor.ts';
import { Lpm01aFindings } from './findings.ts';

const STOP_TIMEOUT_US = 2_000_000;

export interface Lpm01aOptions {
  readonly serial?: string;
  readonly accuracy?: MonitorAccuracy;
  /** One of `LPM01A_RATES_HZ`; default 5000. */
  readonly sampleRateHz?: number;
  /** Default: ASCII up to 5 kHz, else binary. Only ASCII carries the events that bound windows. */
  readonly format?: Lpm01aFormat;
  /** Default current. */
  readonly output?: Lpm01aSettings['output'];
}

interface Acquisition {
  readonly sampleRateHz: number;
  readonly format: Lpm01aFormat;
  readonly output: Lpm01aSettings['output'];
}

function acquisitionOf(options: Lpm01aOptions): Result<Acquisition> {
  const sampleRateHz = options.sampleRateHz ?? LPM01A_ASCII_LIMIT_HZ;
  const format = options.format ?? (sampleRateHz <= LPM01A_ASCII_LIMIT_HZ ? 'ascii' : 'binary');
  if (
    LPM01A_RATES_HZ.includes(sampleRateHz) &&
    (format === 'binary' || sampleRateHz <= LPM01A_ASCII_LIMIT_HZ)
  )
    return ok({ sampleRateHz, format, output: options.output ?? 'current' });
  return fail(
    'monitor.bad-rate',
    { sampleRateHz, format, asciiLimitHz: LPM01A_ASCII_LIMIT_HZ, known: LPM01A_RATES_HZ },
    'The LPM01A does not acquire at this rate in this format.',
    'Choose a rate of the list; above 5 kHz only in binary.',
  );
}

/** `100k`, `5k`, `500`: the form that its manual uses. */
function rateWord(hz: number): string {
  return hz >= 1000 ? `${hz / 1000}k` : String(hz);
}

/**
 * Takes over the link: stops an acquisition that may still run, takes control from the board's own buttons.
 * `monitor.no-reply`, `monitor.not-understood`, `monitor.command-refused`, `monitor.bad-rate`, `link.*`.
 */
export async function openLpm01a(link: Link, options: Lpm01aOptions = {}): Promise<Result<Lpm01aMonitor>> {
  const acquisition = acquisitionOf(options);
  if (!acquisition.ok) return acquisition;
  const talk = new Lpm01aConversation(link);
  const settled = await talk.settle();
  if (!settled.ok) return settled;
  const control = await talk.ask('htc');
  if (!control.ok) return control;
  const version = await talk.ask('version');
  if (!version.ok) return version;
  return ok(new Lpm01aMonitor(link, talk, version.value, acquisition.value, options));
}

/** An LPM01A behind a link. Opened by `openLpm01a`. */
export class Lpm01aMonitor implements Monitor {
  readonly descriptor: MonitorDescriptor;
  readonly identity: MonitorIdentity;
  readonly accuracy: MonitorAccuracy;
  readonly clock: Clock;
  readonly streamFormat: SampleSource['streamFormat'];
  readonly verdictUs: number;
  readonly #link: Link;
  readonly #talk: Lpm01aConversation;
  readonly #acquisition: Acquisition;
  #supply: SupplySetting | undefined;
  #phase: 'idle' | 'streaming' | 'stopping' = 'idle';
  #stream: Lpm01aAsciiStream | Lpm01aBinaryStream | undefined;
  #streamDone: Promise<StreamEnd> | undefined;

  constructor(
    link: Link,
    talk: Lpm01aConversation,
    version: string,
    acquisition: Acquisition,
    options: Lpm01aOptions,
  ) {
    this.#link = link;
    this.#talk = talk;
    this.#acquisition = acquisition;
    this.clock = link.clock;
    this.accuracy = options.accuracy ?? lpm01aVendorAccuracy(acquisition.format);
    // binary metadata has no events
    this.descriptor = acquisition.format === 'ascii' ? lpm01a : { ...lpm01a, windowInput: 'none' };
    const firmware = version === '' ? null : version;
    this.identity = {
      kind: 'lpm01a',
      serial: options.serial ?? null,
      hardware: firmware,
      calibration: {
        origin: 'device',
        remarks: ['the device calibrates itself and tells no table'],
        hash: sha256Hex(new TextEncoder().encode(`lpm01a ${version}`)).slice(0, 8),
      },
    };
    this.streamFormat = {
      codecId: 'lpm01a',
      sampleRateHz: acquisition.sampleRateHz,
      rangeCount: 1,
      monitor: { kind: 'lpm01a', serial: this.identity.serial, firmware },
    };
    // a loss shows with the next time stamp, once in 1000 samples
    this.verdictUs = link.deterministic ? 0 : Math.min(2e6, 1.2e9 / acquisition.sampleRateHz);
  }

  async setSupply(setting: SupplySetting): Promise<Result<void>> {
    if (this.#phase !== 'idle') return changedInStream();
    if (setting.mode === 'ampere') return onlySupplies('LPM01A');
    const { minMv, maxMv } = lpm01a.source!;
    const mv = setting.millivolts;
    if (!(Number.isInteger(mv) && mv >= minMv && mv <= maxMv)) return badVoltage('LPM01A', mv, minMv, maxMv);
    const set = await this.#talk.ask(`volt ${mv}m`);
    if (!set.ok) return set;
    this.#supply = setting;
    return ok();
  }

  async setDutPower(on: boolean): Promise<Result<void>> {
    const command = on ? 'pwr on nostatus' : 'pwr off';
    // in mid-stream the acknowledgement comes between the samples
    if (this.#phase !== 'idle') return this.#talk.say(command);
    const done = await this.#talk.ask(command);
    return done.ok ? ok() : done;
  }

  armWindow(): void {
    if (this.#stream instanceof Lpm01aAsciiStream) this.#stream.events.arm();
  }

  async stream(receiver: SampleReceiver): Promise<StreamEnd> {
    if (this.#phase !== 'idle') return { kind: 'refused', failure: alreadyStreams() };
    const supply = this.#supply;
    if (!supply) return { kind: 'refused', failure: noSupplySet() };
    this.#phase = 'streaming';
    const configured = await this.#configure();
    if (!configured.ok) {
      this.#phase = 'idle';
      return { kind: 'refused', failure: configured };
    }
    const volts = supply.millivolts / 1000;
    const { output, sampleRateHz } = this.#acquisition;
    receiver.calibration(JSON.stringify({ output, volts, sampleRateHz } satisfies Lpm01aSettings));
    receiver.supply({
      volts,
      uncertaintyV: (supply.uncertaintyMv ?? lpm01aVoltageBoundMv(supply.millivolts)) / 1000,
      origin: 'set-point',
    });
    this.#streamDone = this.#run(receiver);
    const end = await this.#streamDone;
    this.#phase = 'idle';
    this.#stream = undefined;
    return end;
  }

  async stopStream(): Promise<void> {
    const done = this.#streamDone;
    if (!done || this.#phase === 'idle') return;
    if (this.#phase === 'streaming') {
      this.#phase = 'stopping';
      await this.#talk.say('stop');
    }
    await endOrCut(done, this.#link, 2 * STOP_TIMEOUT_US);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stopStream();
    await this.#link[Symbol.asyncDispose]();
  }

  async #configure(): Promise<Result<void>> {
    const { sampleRateHz, format, output } = this.#acquisition;
    const commands = [
      'acqtime inf',
      'trigdelay 0',
      'trigsrc sw',
      'eventsrc d7 fal',
      `output ${output}`,
      `format ${format === 'ascii' ? 'ascii_dec' : 'bin_hexa'}`,
      `freq ${rateWord(sampleRateHz)}`,
    ];
    for (const command of commands) {
      const done = await this.#talk.ask(command);
      if (!done.ok) return done;
    }
    return ok();
  }

  async #run(receiver: SampleReceiver): Promise<StreamEnd> {
    const out = new WordBuffer(receiver);
    const findings = new Lpm01aFindings(out);
    const { sampleRateHz, format } = this.#acquisition;
    const Stream = format === 'ascii' ? Lpm01aAsciiStream : Lpm01aBinaryStream;
    const stream = new Stream(out, findings, sampleRateHz);
    this.#stream = stream;
    const started = await startAcquisition(this.#link, this.#talk);
    if (!started.ok) return { kind: 'lost', failure: started };
    stream.push(started.value);
    const silence = new SilenceWatch(this.clock);
    for (;;) {
      const stopping = this.#phase === 'stopping';
      const read = await this.#link.read({
        deadlineUs: stopping ? this.clock.nowUs() + STOP_TIMEOUT_US : silence.deadlineUs,
      });
      if (read.kind === 'bytes') {
        const pauseMs = silence.heard();
        // a slow rate has nothing to say for long
        if (pauseMs !== null && sampleRateHz > 10)
          out.mark('monitor.stalled', `nothing came for ${pauseMs} ms`);
        stream.push(read.bytes);
        const settled = await receiver.settle();
        if (!settled.ok) return this.#refused(settled);
        if (findings.completed) return this.#ended(stream, receiver, findings);
        continue;
      }
      const silentS = read.kind === 'timeout' && !stopping && sampleRateHz > 10 ? silence.missed() : null;
      if (read.kind === 'timeout' && !stopping && silentS === null) continue;
      stream.end();
      if (read.kind === 'closed' && read.expected) return { kind: 'stopped' };
      if (read.kind === 'timeout' && stopping) {
        receiver.mark('monitor.stop-unconfirmed', 'the monitor did not answer after the stop');
        return settledEnd(receiver, null);
      }
      const failure =
        read.kind === 'closed' ? linkLost(this.#link, read.reason) : silent(this.#link, silentS ?? 0);
      receiver.mark(failure.id, failure.cause);
      return settledEnd(receiver, failure);
    }
  }

  /** The device says that the acquisition is over: because we asked, or by itself. */
  #ended(
    stream: Lpm01aAsciiStream | Lpm01aBinaryStream,
    receiver: SampleReceiver,
    findings: Lpm01aFindings,
  ): Promise<StreamEnd> {
    stream.end();
    if (findings.failure) return settledEnd(receiver, findings.failure);
    if (this.#phase === 'stopping') return settledEnd(receiver, null);
    const failure = fail(
      'monitor.ended',
      { monitor: 'lpm01a' },
      'The monitor ended its acquisition by itself.',
      'Look at its display; start the recording again.',
    );
    receiver.mark(failure.id, failure.cause);
    return settledEnd(receiver, failure);
  }

  async #refused(failure: Failure): Promise<StreamEnd> {
    // the failure of the receiver is what counts; a monitor that cannot be stopped any more changes nothing
    await this.#talk.settle();
    return { kind: 'refused', failure };
  }
}

const START_TIMEOUT_US = 2_000_000;
const START_ACK = 'PowerShield > ack start';

/** Sends `start` and gives what came behind its acknowledgement: the first bytes of the stream. */
async function startAcquisition(link: Link, talk: Lpm01aConversation): Promise<Result<Uint8Array>> {
  const said = await talk.say('start');
  if (!said.ok) return said;
  const deadlineUs = link.clock.nowUs() + START_TIMEOUT_US;
  let got = Buffer.alloc(0);
  for (;;) {
    const read = await link.read({ deadlineUs });
    if (read.kind === 'closed') return linkLost(link, read.reason);
    if (read.kind === 'timeout')
      return fail(
        'monitor.no-reply',
        {
          address: link.address,
          command: 'start',
          waitedMs: START_TIMEOUT_US / 1000,
          receivedBytes: got.length,
        },
        'The LPM01A did not begin to acquire.',
        'Reset it (its blue button) and repeat.',
      );
    got = Buffer.concat([got, read.bytes]);
    const at = got.indexOf(START_ACK);
    // the acknowledgement ends with an empty line
    const end = at < 0 ? -1 : got.indexOf('\r\n\r\n', at);
    if (end >= 0) return ok(got.subarray(end + 4));
    if (at < 0 && got.includes('PowerShield > err') && got.includes('\n', got.indexOf('PowerShield > err')))
      return fail(
        'monitor.command-refused',
        { command: 'start', detail: got.toString('latin1').trim().slice(0, 160) },
        'The monitor refused a command.',
        'Check rate, voltage and format against its manual; reset it if it was acquiring.',
      );
  }
}
