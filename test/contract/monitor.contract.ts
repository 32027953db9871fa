/**
 * What every Monitor promises, whatever it is made of and however it is reached: it opens and says who it is, takes a
 * supply or says why not, streams what flows, stops, streams again, and turns each fault into a gap, a mark or a clear end.
 */
import { describe, expect, it } from 'vitest';
import { orThrow, type Result } from '../../src-main/base/errors.ts';
import type { Monitor } from '../../src-main/monitor/monitor.ts';
import { newTraceHeader } from '../../src-main/trace/format.ts';
import { MemoryTraceStore } from '../../src-main/trace/memory-store.ts';
import { recordTrace, type Recording } from '../../src-main/trace/recording.ts';
import type { Trace } from '../../src-main/trace/trace.ts';

/** 20 mA flow from the beginning. */
export const STEADY_A = 0.02;

export interface MonitorFault {
  readonly name: string;
  readonly faults: object;
  /** What shows of it in a recording of a second or two. */
  readonly shows: (seen: {
    readonly end: Awaited<Recording['ended']>;
    readonly marks: readonly string[];
    readonly gaps: readonly string[];
    readonly trace: Trace;
  }) => void;
}

export interface MonitorSubject extends AsyncDisposable {
  readonly monitor: Monitor;
  /** Ends the far side as unplugging would. */
  readonly unplug: () => PromiseLike<void> | void;
}

export interface MonitorContract {
  readonly kind: string;
  /** `source`: it supplies and switches. `ampere`: it only measures. `recorded`: a trace, whose voltage is fixed. */
  readonly supplies: 'source' | 'ampere' | 'recorded';
  readonly open: (faults?: object) => Promise<Result<MonitorSubject>>;
  /** Tolerance of a mean of 20 mA. */
  readonly toleranceRel: number;
  /** Seconds of its time a recording needs to say something. */
  readonly seconds: number;
  /** A monitor that is asked, on a computer that is busy: periods without a reading are no fault of the driver. */
  readonly mayMiss?: boolean;
  readonly faults: readonly MonitorFault[];
  /** Opening fails with this when nothing answers; absent where silence cannot be. */
  readonly mute?: string;
}

const MV = 3300;

async function supplied(monitor: Monitor, supplies: MonitorContract['supplies']): Promise<void> {
  orThrow(await monitor.setSupply({ mode: supplies === 'source' ? 'source' : 'ampere', millivolts: MV }));
  if (supplies === 'source') orThrow(await monitor.setDutPower(true));
}

export function recordingOf(monitor: Monitor): Recording {
  const header = newTraceHeader(monitor.streamFormat, { traceId: 't', title: 't', source: 'emulated' });
  return recordTrace(monitor, new MemoryTraceStore(header), monitor.descriptor.codec);
}

/** Records for some seconds of the monitor's time, or until it ends by itself. */
async function recordFor(monitor: Monitor, seconds: number): Promise<Recording> {
  const recording = recordingOf(monitor);
  const over = new AbortController();
  void recording.ended.then(() => over.abort());
  await monitor.clock.sleepUntilUs(monitor.clock.nowUs() + seconds * 1e6, over.signal);
  return recording;
}

async function seenIn(recording: Recording) {
  const end = await recording.stop();
  const { trace } = recording;
  return {
    end,
    trace,
    marks: orThrow(trace.marks()).map((m) => m.kind),
    gaps: orThrow(trace.gaps()).map((g) => g.cause),
  };
}

export function monitorContract(title: string, contract: MonitorContract): void {
  const { supplies, seconds, toleranceRel } = contract;
  const opened = async (faults?: object) => orThrow(await contract.open(faults));

  describe(`monitor contract over ${title}`, () => {
    it('says what it is and what its readings are worth', async () => {
      await using subject = await opened();
      const { identity, descriptor, accuracy, streamFormat } = subject.monitor;
      expect(identity.kind).toBe(contract.kind);
      expect(identity.calibration.hash).toMatch(/^[0-9a-f]{8}$|^.{1,8}$/);
      expect(streamFormat.codecId).toBe(descriptor.codec.id);
      expect(streamFormat.rangeCount).toBe(descriptor.codec.rangeCount);
      for (const row of [accuracy.gainRel, accuracy.offsetA, accuracy.stepA])
        expect(row.length).toBe(streamFormat.rangeCount);
      expect(accuracy.origin.length).toBeGreaterThan(5);
    });

    it('records nothing without a supply voltage, or knows it by itself', async () => {
      await using subject = await opened();
      const recording = recordingOf(subject.monitor);
      if (supplies === 'source') expect((await recording.ended).failure?.id).toBe('monitor.no-supply');
      else await recording.stop();
    });

    it('refuses a voltage that it cannot give or that is not there', async () => {
      await using subject = await opened();
      const mode = supplies === 'source' ? 'source' : 'ampere';
      for (const millivolts of [-5, 9_000_000])
        expect(await subject.monitor.setSupply({ mode, millivolts })).toMatchObject({
          ok: false,
          id: expect.stringMatching(/^monitor\.(bad|other)-voltage$/) as string,
        });
    });

    it('streams what flows, without a gap, and everything up to its stop', async () => {
      await using subject = await opened();
      await supplied(subject.monitor, supplies);
      const seen = await seenIn(await recordFor(subject.monitor, seconds));
      expect(seen.end).toMatchObject({ kind: 'complete', failure: null });
      if (!contract.mayMiss) expect(seen.gaps).toEqual([]);
      const { lengthSamples } = seen.trace;
      expect(lengthSamples).toBeGreaterThan(5);
      expect(seen.end.committedSamples).toBe(lengthSamples);
      const from = Math.floor(lengthSamples / 2);
      const span = orThrow(seen.trace.span(from, lengthSamples));
      expect(Math.abs(span.sums.mean / STEADY_A - 1)).toBeLessThan(toleranceRel);
      const supply = orThrow(seen.trace.supply(0, lengthSamples));
      expect(Math.abs(supply.volts * 1000 - MV)).toBeLessThanOrEqual(supply.uncertaintyV * 1000 + 1);
    });

    it('has one stream at a time, keeps its voltage meanwhile, and streams again after a stop', async () => {
      await using subject = await opened();
      const { monitor } = subject;
      await supplied(monitor, supplies);
      for (let round = 0; round < 2; round++) {
        const first = await recordFor(monitor, seconds / 4);
        if (supplies !== 'recorded') {
          expect((await recordingOf(monitor).ended).failure?.id).toBe('monitor.streaming');
          const mode = supplies === 'source' ? 'source' : 'ampere';
          expect(await monitor.setSupply({ mode, millivolts: 3000 })).toMatchObject({
            id: 'monitor.streaming',
          });
        }
        expect((await first.stop()).kind).toBe('complete');
      }
    });

    it('a plug pulled in mid-stream ends the recording with the reason; what came stays readable', async () => {
      await using subject = await opened();
      await supplied(subject.monitor, supplies);
      const recording = await recordFor(subject.monitor, seconds);
      const before = recording.lengthSamples;
      if (supplies === 'recorded') {
        await recording.stop();
        return;
      }
      await subject.unplug();
      await subject.monitor.clock.sleepUntilUs(subject.monitor.clock.nowUs() + 100_000);
      const end = await recording.ended;
      expect(end).toMatchObject({ kind: 'monitor-lost', failure: { id: 'monitor.link-lost' } });
      expect(end.committedSamples).toBeGreaterThanOrEqual(before);
      expect(orThrow(recording.trace.marks()).map((m) => m.kind)).toContain('monitor.link-lost');
      expect(orThrow(recording.trace.span(0, end.committedSamples)).coveredSamples).toBeGreaterThan(0);
    });

    if (contract.mute !== undefined)
      it('says so when nothing answers', async () => {
        expect(await contract.open({ mute: true })).toMatchObject({ ok: false, id: contract.mute });
      });

    for (const fault of contract.faults)
      it(`fault: ${fault.name}`, async () => {
        await using subject = await opened(fault.faults);
        await supplied(subject.monitor, supplies);
        fault.shows(await seenIn(await recordFor(subject.monitor, seconds)));
      });
  });
}
