import { sha256Hex } from '../../base/crc.ts';
import type { Clock } from '../../base/clock.ts';
import { fail, ok, type Result } from '../../base/errors.ts';
import { median } from '../../base/statistics.ts';
import type { Link } from '../../link/link.ts';
import type { MonitorAccuracy } from '../../trace/accuracy.ts';
import { float32Buffer, float32Calibration } from '../../trace/float32.ts';
import type { SampleReceiver, SampleSource, StreamEnd } from '../../trace/source.ts';
import { alreadyStreams, cannotSupply, changedInStream, linkLost, noSupplySet, silent } from '../failures.ts';
import type { Monitor, MonitorDescriptor, MonitorIdentity, SupplySetting } from '../monitor.ts';
import { SilenceWatch } from '../silence.ts';
import { endOrCut, settledEnd } from '../stream-stop.ts';
import { WordBuffer } from '../word-buffer.ts';
import { INA_ASSUMED_ACCURACY, inaVoltageBound } from './accuracy.ts';
import { ina } from './descriptor.ts';
import type { InaRecord, InaTextForm } from './record.ts';
import { InaTextParser } from './text-parser.ts';
import { InaTimeline } from './timeline.ts';

/** Listening before anything is recorded: to know form and rate. A board that resets on opening takes its time. */
const LISTEN_US = 3_000_000;
const ENOUGH_RECORDS = 50;
/** Whole milliseconds over so long tell the rate to a thousandth. */
const ENOUGH_US = 1_000_000;
const FEWEST_RECORDS = 4;
/** Rates that sketches have; within this share of one, that one is meant. */
const USUAL_RATES_HZ = [1, 2, 5, 10, 20, 25, 50, 100, 125, 200, 250, 400, 500, 800, 1000, 2000];
const RATE_TOLERANCE = 0.02;
const STOP_TIMEOUT_US = 1_000_000;
/** Where only the arrival tells, a pause of less is jitter of the line. */
const PAUSE_US = 500_000;

export interface InaOptions {
  readonly serial?: string;
  readonly accuracy?: MonitorAccuracy;
  /** Readings a second; found out by listening where absent. */
  readonly sampleRateHz?: number;
}

interface Heard {
  readonly parser: InaTextParser;
  readonly form: InaTextForm;
  readonly rateHz: number;
  readonly hasMillis: boolean;
  readonly volts: number | null;
}

/** Listens until form and rate are known. `monitor.no-reply`, `monitor.not-understood`, `monitor.link-lost`. */
export async function openIna(link: Link, options: InaOptions = {}): Promise<Result<InaMonitor>> {
  const heard = await listen(link, options);
  return heard.ok ? ok(new InaMonitor(link, heard.value, options)) : heard;
}

async function listen(link: Link, options: InaOptions): Promise<Result<Heard>> {
  const parser = new InaTextParser();
  const records: { readonly record: InaRecord; readonly atUs: number }[] = [];
  let others = 0;
  let received = 0;
  link.discardInput();
  const deadlineUs = link.clock.nowUs() + LISTEN_US;
  const beganUs = link.clock.nowUs();
  while (records.length < ENOUGH_RECORDS || link.clock.nowUs() - beganUs < ENOUGH_US) {
    const read = await link.read({ deadlineUs });
    if (read.kind === 'closed') return linkLost(link, read.reason);
    if (read.kind === 'timeout') break;
    received += read.bytes.length;
    const atUs = link.clock.nowUs();
    parser.push(read.bytes, { record: (record) => records.push({ record, atUs }), other: () => others++ });
  }
  if (parser.form === null || records.length < FEWEST_RECORDS)
    return unheard(link, received, records.length, others);
  const rateHz = options.sampleRateHz ?? rateOf(records);
  const volts = records.flatMap(({ record }) => (record.volts === null ? [] : [record.volts]));
  return ok({
    parser,
    form: parser.form,
    rateHz,
    hasMillis: records.every(({ record }) => record.millis !== null),
    volts: volts.length > 0 ? median(volts) : null,
  });
}

function unheard(link: Link, receivedBytes: number, readings: number, otherLines: number): Result<never> {
  const facts = { address: link.address, waitedMs: LISTEN_US / 1000, receivedBytes, readings, otherLines };
  return receivedBytes === 0
    ? fail(
        'monitor.no-reply',
        facts,
        'Nothing is printed on this port: no sketch runs, or the line rate is another.',
        'Check the sketch and its baud rate; open the port in a terminal to see it.',
      )
    : fail(
        'monitor.not-understood',
        facts,
        'What is printed on this port are no current readings in a known form.',
        'Print one of the forms of docs/monitors.md, one reading a line.',
      );
}

/** By the sketch's time where there is one, else by arrival; drawn to a usual rate that is near. */
function rateOf(records: readonly { readonly record: InaRecord; readonly atUs: number }[]): number {
  const first = records[0]!;
  const last = records.at(-1)!;
  const byMillis = (last.record.millis ?? 0) - (first.record.millis ?? 0);
  const spanMs = byMillis > 0 ? byMillis : (last.atUs - first.atUs) / 1000;
  const rate = spanMs > 0 ? ((records.length - 1) * 1000) / spanMs : USUAL_RATES_HZ.at(-1)!;
  return USUAL_RATES_HZ.find((r) => Math.abs(r / rate - 1) <= RATE_TOLERANCE) ?? rate;
}

/** A sketch that prints readings, behind a link. It cannot be told anything: it only measures. */
export class InaMonitor implements Monitor {
  readonly descriptor: MonitorDescriptor;
  readonly identity: MonitorIdentity;
  readonly accuracy: MonitorAccuracy;
  readonly clock: Clock;
  readonly streamFormat: SampleSource['streamFormat'];
  readonly verdictUs = 0;
  readonly form: InaTextForm;
  readonly #link: Link;
  readonly #heard: Heard;
  #supply: SupplySetting | undefined;
  #phase: 'idle' | 'streaming' | 'stopping' = 'idle';
  #streamDone: Promise<StreamEnd> | undefined;

  constructor(link: Link, heard: Heard, options: InaOptions) {
    this.#link = link;
    this.#heard = heard;
    this.form = heard.form;
    this.clock = link.clock;
    this.accuracy = options.accuracy ?? INA_ASSUMED_ACCURACY;
    this.descriptor = { ...ina, sampleRateHz: heard.rateHz };
    this.identity = {
      kind: 'ina',
      serial: options.serial ?? null,
      hardware: null,
      calibration: {
        origin: 'defaults',
        remarks: [`prints ${heard.form}, ${heard.rateHz.toFixed(1)} readings a second`],
        hash: sha256Hex(new TextEncoder().encode('ina')).slice(0, 8),
      },
    };
    this.streamFormat = {
      codecId: 'float32',
      sampleRateHz: heard.rateHz,
      rangeCount: 1,
      monitor: { kind: 'ina', serial: this.identity.serial, firmware: null },
    };
  }

  async setSupply(setting: SupplySetting): Promise<Result<void>> {
    if (this.#phase !== 'idle') return changedInStream();
    if (setting.mode === 'source') return cannotSupply('INA');
    const volts = setting.millivolts / 1000;
    if (!(volts > 0 && volts <= 100))
      return fail(
        'monitor.bad-voltage',
        { millivolts: setting.millivolts },
        'This is no supply voltage of a board.',
        'Give the voltage in whole millivolts.',
      );
    const measured = this.#heard.volts;
    if (measured !== null && Math.abs(measured - volts) > 0.1 * volts)
      return fail(
        'monitor.other-voltage',
        { millivolts: setting.millivolts, measuredMv: Math.round(measured * 1000) },
        'The voltage that the INA measures is not the one that was said.',
        'Check the supply and which side of the shunt the bus voltage is taken from.',
      );
    this.#supply = setting;
    return ok();
  }

  async setDutPower(_on: boolean): Promise<Result<void>> {
    return cannotSupply('INA');
  }

  async stream(receiver: SampleReceiver): Promise<StreamEnd> {
    if (this.#phase !== 'idle') return { kind: 'refused', failure: alreadyStreams() };
    const { volts: measured } = this.#heard;
    const supply = this.#supply;
    const volts = measured ?? (supply ? supply.millivolts / 1000 : null);
    if (volts === null) return { kind: 'refused', failure: noSupplySet() };
    this.#phase = 'streaming';
    receiver.calibration(float32Calibration());
    receiver.supply({
      volts,
      uncertaintyV:
        supply?.uncertaintyMv === undefined ? inaVoltageBound(volts) : supply.uncertaintyMv / 1000,
      origin: measured === null ? 'set-point' : 'measured',
    });
    this.#streamDone = this.#run(receiver, volts);
    const end = await this.#streamDone;
    this.#phase = 'idle';
    return end;
  }

  async stopStream(): Promise<void> {
    const done = this.#streamDone;
    if (!done || this.#phase === 'idle') return;
    this.#phase = 'stopping';
    // the next reading wakes the recorder; a sketch that is silent is not waited for
    await endOrCut(done, this.#link, STOP_TIMEOUT_US);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stopStream();
    await this.#link[Symbol.asyncDispose]();
  }

  async #run(receiver: SampleReceiver, volts: number): Promise<StreamEnd> {
    const out = new WordBuffer(receiver);
    const { parser, rateHz } = this.#heard;
    const readings = new ReadingSink(out, this.#heard, volts, this.clock);
    this.#link.discardInput();
    parser.reset();
    const silence = new SilenceWatch(this.clock);
    for (;;) {
      const read = await this.#link.read({ deadlineUs: silence.deadlineUs });
      if (read.kind === 'bytes') {
        const pauseMs = silence.heard();
        if (pauseMs !== null && rateHz > 10) out.mark('monitor.stalled', `nothing came for ${pauseMs} ms`);
        parser.push(read.bytes, readings);
        readings.batchEnd();
        const settled = await receiver.settle();
        if (!settled.ok) return { kind: 'refused', failure: settled };
      }
      if (this.#phase === 'stopping') return { kind: 'stopped' };
      const silentS = read.kind === 'timeout' ? silence.missed() : null;
      if (read.kind === 'bytes' || (read.kind === 'timeout' && silentS === null)) continue;
      if (read.kind === 'closed' && read.expected) return { kind: 'stopped' };
      const failure =
        read.kind === 'closed' ? linkLost(this.#link, read.reason) : silent(this.#link, silentS ?? 0);
      receiver.mark(failure.id, failure.cause);
      return settledEnd(receiver, failure);
    }
  }
}

/** Places readings on the timeline of a recording. */
class ReadingSink {
  readonly #out: WordBuffer;
  readonly #timeline: InaTimeline;
  readonly #rateHz: number;
  readonly #clock: Clock;
  readonly #volts: number;
  readonly #one = float32Buffer(1);
  #hasMillis: boolean;
  #torn = 0;
  #sinceBatch = 0;
  #batchEndUs: number;

  constructor(out: WordBuffer, { rateHz, hasMillis }: Heard, volts: number, clock: Clock) {
    this.#out = out;
    this.#rateHz = rateHz;
    this.#hasMillis = hasMillis;
    this.#timeline = new InaTimeline(rateHz);
    this.#volts = volts;
    this.#clock = clock;
    this.#batchEndUs = clock.nowUs();
  }

  record(r: InaRecord): void {
    this.#hasMillis = r.millis !== null;
    this.#sinceBatch++;
    if (r.millis !== null && !this.#place(r.millis)) return;
    if (r.volts !== null && Math.abs(r.volts - this.#volts) > 2 * inaVoltageBound(this.#volts))
      this.#out.mark('ina.voltage', `${r.volts} V`);
    this.#one.amperes[0] = r.currentA;
    this.#out.push(this.#one.words[0]!);
  }

  /** Half a line: where the sketch prints its time the next reading tells how many it was, else it was one. */
  other(line: string): void {
    this.#out.mark('ina.unreadable', JSON.stringify(line.slice(0, 40)));
    this.#torn++;
    if (this.#hasMillis) return;
    this.#out.gap(1, 'misaligned');
    this.#sinceBatch++;
  }

  /** Everything that had arrived is read. Without a time of the sketch only a long pause can be told from jitter. */
  batchEnd(): void {
    const now = this.#clock.nowUs();
    const pauseUs = now - this.#batchEndUs;
    const missing = Math.round((pauseUs * this.#rateHz) / 1e6) - this.#sinceBatch;
    if (!this.#hasMillis && pauseUs >= PAUSE_US && missing > this.#sinceBatch) {
      this.#out.mark('ina.missing', `about ${missing} readings, by the time of arrival`);
      this.#out.gap(missing, 'lost');
    }
    this.#batchEndUs = now;
    this.#sinceBatch = 0;
    this.#out.flush();
  }

  #place(millis: number): boolean {
    const { missing, keep } = this.#timeline.place(millis);
    if (missing > 0) {
      this.#out.mark('ina.missing', `${missing} readings`);
      this.#out.gap(missing, this.#torn > 0 ? 'misaligned' : 'lost');
    }
    this.#torn = 0;
    if (!keep) this.#out.mark('ina.extra', 'more readings than the rate says');
    return keep;
  }
}
