/** The seam of docs/how-to/add-a-monitor.md, used by a meter that does not exist: its worked example under the contract. */
import type { Clock } from '../../../src-main/base/clock.ts';
import { ok, type Result } from '../../../src-main/base/errors.ts';
import { lineSplitter } from '../../../src-main/link/framing.ts';
import type { Link } from '../../../src-main/link/link.ts';
import {
  alreadyStreams,
  badVoltage,
  cannotSupply,
  changedInStream,
  linkLost,
  noSupplySet,
} from '../../../src-main/monitor/failures.ts';
import type { Monitor, MonitorDescriptor, SupplySetting } from '../../../src-main/monitor/monitor.ts';
import { SilenceWatch } from '../../../src-main/monitor/silence.ts';
import { endOrCut } from '../../../src-main/monitor/stream-stop.ts';
import { WordBuffer } from '../../../src-main/monitor/word-buffer.ts';
import { ByteOutput } from '../../../src-main/sim/monitors/byte-output.ts';
import { PeriodMeans } from '../../../src-main/sim/monitors/period-means.ts';
import type { MonitorTwin } from '../../../src-main/sim/parts.ts';
import { float32Buffer, float32Calibration, float32Codec } from '../../../src-main/trace/float32.ts';
import type { SampleReceiver, StreamEnd } from '../../../src-main/trace/source.ts';
import { monitorContract, STEADY_A } from '../../contract/monitor.contract.ts';
import { twinBench } from './twin-bench.ts';

const mymeter: MonitorDescriptor = {
  id: 'mymeter',
  name: 'My meter',
  usb: [{ vendorId: 0x1234, productId: 0x5678 }],
  baud: 115_200,
  sampleRateHz: 1000,
  logicChannels: 0,
  windowInput: 'none',
  fullScaleA: 0.1,
  source: null,
  canMeasureInline: true,
  codec: float32Codec,
};

class MyMeter implements Monitor {
  readonly descriptor = mymeter;
  readonly identity = {
    kind: 'mymeter',
    serial: null,
    hardware: null,
    calibration: { origin: 'defaults', remarks: [], hash: '00000000' },
  } as const;
  readonly accuracy = { origin: 'made up', gainRel: [0.01], offsetA: [0], stepA: [1e-7], clockRel: 0 };
  readonly streamFormat = {
    codecId: 'float32',
    sampleRateHz: 1000,
    rangeCount: 1,
    monitor: { kind: 'mymeter', serial: null, firmware: null },
  };
  readonly verdictUs = 0;
  readonly clock: Clock;
  readonly #link: Link;
  #supply: SupplySetting | undefined;
  #phase: 'idle' | 'streaming' | 'stopping' = 'idle';
  #done: Promise<StreamEnd> | undefined;

  constructor(link: Link) {
    this.#link = link;
    this.clock = link.clock;
  }

  async setSupply(setting: SupplySetting): Promise<Result<void>> {
    if (this.#phase !== 'idle') return changedInStream();
    if (setting.mode === 'source') return cannotSupply('meter');
    if (!(setting.millivolts > 0 && setting.millivolts < 6000))
      return badVoltage('meter', setting.millivolts, 1, 6000);
    this.#supply = setting;
    return ok();
  }

  async setDutPower(): Promise<Result<void>> {
    return cannotSupply('meter');
  }

  async stream(receiver: SampleReceiver): Promise<StreamEnd> {
    if (this.#phase !== 'idle') return { kind: 'refused', failure: alreadyStreams() };
    if (!this.#supply) return { kind: 'refused', failure: noSupplySet() };
    this.#phase = 'streaming';
    receiver.calibration(float32Calibration());
    receiver.supply({ volts: this.#supply.millivolts / 1000, uncertaintyV: 0.01, origin: 'set-point' });
    this.#done = this.#run(receiver);
    const end = await this.#done;
    this.#phase = 'idle';
    return end;
  }

  async stopStream(): Promise<void> {
    if (!this.#done || this.#phase === 'idle') return;
    this.#phase = 'stopping';
    await this.#link.write(Buffer.from('NO\n'));
    await endOrCut(this.#done, this.#link, 1_000_000);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stopStream();
    await this.#link[Symbol.asyncDispose]();
  }

  async #run(receiver: SampleReceiver): Promise<StreamEnd> {
    const out = new WordBuffer(receiver);
    const lines = lineSplitter();
    const one = float32Buffer(1);
    const silence = new SilenceWatch(this.clock);
    await this.#link.write(Buffer.from('GO\n'));
    for (;;) {
      const read = await this.#link.read({ deadlineUs: silence.deadlineUs });
      if (read.kind === 'closed') {
        if (read.expected) return { kind: 'stopped' };
        receiver.mark('monitor.link-lost', read.reason);
        await receiver.settle();
        return { kind: 'lost', failure: linkLost(this.#link, read.reason) };
      }
      if (read.kind === 'timeout') continue;
      for (const line of lines.push(read.bytes)) {
        if (line.trim() === 'END') {
          out.flush();
          await receiver.settle();
          return { kind: 'stopped' };
        }
        const reading = /^U (-?\d+(?:\.\d+)?)$/.exec(line.trim());
        if (!reading) {
          out.mark('mymeter.unreadable', JSON.stringify(line.slice(0, 40)));
          out.gap(1, 'misaligned');
          continue;
        }
        one.amperes[0] = Number(reading[1]) * 1e-6;
        out.push(one.words[0]!);
      }
      out.flush();
      await receiver.settle();
    }
  }
}

function myTwin(tearLine: number): MonitorTwin {
  const out = new ByteOutput();
  let means: PeriodMeans | null = null;
  let nowUs = 0;
  let currentA = 0;
  let sent = 0;
  const print = (meanA: number) => {
    const line = `U ${(meanA * 1e6).toFixed(1)}\r\n`;
    out.text(sent++ === tearLine ? line.slice(2) : line);
  };
  const advanceTo = (timeUs: number) => {
    if (timeUs <= nowUs) return;
    nowUs = timeUs;
    means?.hold(currentA, 0, timeUs);
  };
  return {
    advanceTo,
    current(timeUs, a) {
      advanceTo(timeUs);
      currentA = a;
    },
    receive(bytes) {
      const word = Buffer.from(bytes).toString();
      if (word.includes('GO')) means = new PeriodMeans(1000, nowUs, print);
      if (!word.includes('NO')) return;
      means = null;
      out.text('END\r\n');
    },
    takeOutput: () => out.take(),
    unplug: () => void (means = null),
  };
}

monitorContract('a meter that does not exist', {
  kind: 'mymeter',
  supplies: 'ampere',
  toleranceRel: 1e-4,
  seconds: 0.5,
  faults: [
    {
      name: 'a torn line is a gap of one sample',
      faults: { tear: true },
      shows: ({ end, marks, gaps }) => {
        if (end.missingSamples !== 1 || marks.join() !== 'mymeter.unreadable' || gaps.join() !== 'misaligned')
          throw new Error(JSON.stringify({ end, marks, gaps }));
      },
    },
  ],
  open: async (faults) => {
    const bench = twinBench(myTwin(faults && 'tear' in faults ? 100 : -1));
    bench.begin([{ timeUs: 0, currentA: STEADY_A, logic: 0 }]);
    const monitor = new MyMeter(bench.link);
    return ok({
      monitor,
      unplug: () => bench.unplug(),
      [Symbol.asyncDispose]: () => monitor[Symbol.asyncDispose](),
    });
  },
});
