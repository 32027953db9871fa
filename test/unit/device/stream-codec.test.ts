import { describe, expect, it } from 'vitest';
import {
  StreamFrame,
  StreamReportBytes,
  StreamWindowRecordBytes,
  readStreamHead,
  writeStreamReport,
  writeStreamWindowRecord,
  type StreamReport,
  type StreamWindowRecord,
} from '../../../src-main/abi/generated.ts';
import { crc32 } from '../../../src-main/base/crc.ts';
import { Rng } from '../../../src-main/base/rng.ts';
import {
  StreamSplitter,
  encodeStreamFrame,
  wireBytes,
  type DeviceFrame,
} from '../../../src-main/device/stream-codec.ts';
import { decodeCobs, encodeCobs } from '../../../src-main/link/cobs.ts';

const report: StreamReport = {
  ...{ type: StreamFrame.Status, pad: 0, sequence: 7, nextSequence: 65_535, limitSequence: 3 },
  ...{ nextSample: 4_000_000_000, samplesTaken: 320, gaps: 2, badFrames: 1, overruns: 0, underruns: 0 },
  ...{ windows: 12, dropped: 0, deviceUs: 99, maxQueuedBytes: 1000 },
};
const record: StreamWindowRecord = {
  ...{ index: 11, lastSample: 15_839, frontEndCycles: 1, inferenceCycles: 2, latencyUs: 3, queuedBytes: 0 },
  ...{ featuresCrc32: 0xdeadbeef, score: -5, detectedClass: -1, outputBytes: 3, featureBytes: 0, status: 0 },
  sinceStartUs: 0,
};

/** A frame as the device would send it, made here byte by byte. */
function fromDevice(body: Uint8Array): Uint8Array {
  const whole = new Uint8Array(body.length + 4);
  whole.set(body);
  new DataView(whole.buffer).setUint32(body.length, crc32(body), true);
  return Uint8Array.from([0, ...encodeCobs(whole), 0]);
}

function statusFrame(): Uint8Array {
  const body = new Uint8Array(StreamReportBytes);
  writeStreamReport(new DataView(body.buffer), 0, report);
  return fromDevice(body);
}

function windowFrame(outputBytes: number, given: number): Uint8Array {
  const body = new Uint8Array(StreamReportBytes + StreamWindowRecordBytes + given).fill(9);
  const view = new DataView(body.buffer);
  writeStreamReport(view, 0, { ...report, type: StreamFrame.Window });
  writeStreamWindowRecord(view, StreamReportBytes, { ...record, outputBytes });
  return fromDevice(body);
}

function split(...chunks: Uint8Array[]): (DeviceFrame | null)[] {
  const splitter = new StreamSplitter();
  const frames: (DeviceFrame | null)[] = [];
  for (const chunk of chunks) splitter.push(chunk, (f) => frames.push(f));
  return frames;
}

describe('Frames to the device', () => {
  it('carry head, payload and CRC-32 between two delimiters, in no more bytes than room is made for', () => {
    const rng = new Rng(1);
    for (const bytes of [1, 2, 253, 254, 255, 640, 1024]) {
      const payload = rng.bytes(bytes);
      const wire = encodeStreamFrame({
        type: 'samples',
        sequence: 65_536 + 5,
        firstSample: 2 ** 32 + 9,
        count: 3,
        payload,
      });
      expect(wire.length).toBeLessThanOrEqual(wireBytes(bytes));
      expect([wire[0], wire.at(-1)]).toEqual([0, 0]);
      expect(wire.subarray(1, -1).includes(0)).toBe(false);
      const body = decodeCobs(wire.subarray(1, -1))!;
      const view = new DataView(body.buffer, body.byteOffset, body.length);
      expect(readStreamHead(view, 0)).toEqual({
        ...{ type: 1, pad: 0, sequence: 5, firstSample: 9, count: 3, pad2: 0 },
      });
      expect(body.subarray(12, -4)).toEqual(payload);
      expect(view.getUint32(body.length - 4, true)).toBe(crc32(body.subarray(0, -4)));
    }
  });
});

describe('Frames from the device', () => {
  it('are found whatever the chunks', () => {
    const wire = Buffer.concat([statusFrame(), windowFrame(3, 3)]);
    for (let cut = 0; cut <= wire.length; cut++) {
      const frames = split(wire.subarray(0, cut), wire.subarray(cut));
      expect(frames.map((f) => f?.kind)).toEqual(['status', 'window']);
      expect(frames[0]?.report).toEqual(report);
    }
  });

  it('a window has as many bytes as it says, or it is damaged', () => {
    expect(split(windowFrame(3, 3))[0]).toMatchObject({ kind: 'window', output: Uint8Array.of(9, 9, 9) });
    expect(split(windowFrame(3, 2), windowFrame(2, 3), windowFrame(60_000, 3))).toEqual([null, null, null]);
  });

  it('after noise, a torn or an endless frame the next one is whole', () => {
    const rng = new Rng(3);
    for (let round = 0; round < 200; round++) {
      const noise = rng.bytes(rng.int(1, 200));
      const frames = split(noise, statusFrame());
      expect(frames.at(-1)).toMatchObject({ kind: 'status' });
    }
    const endless = new Uint8Array(50_000).fill(1);
    expect(split(endless, statusFrame()).map((f) => f?.kind)).toEqual([undefined, 'status']);
  });

  it('a flipped bit anywhere makes it damaged, never another frame', () => {
    const wire = windowFrame(3, 3);
    for (let at = 1; at < wire.length - 1; at++)
      for (const bit of [0, 3, 7]) {
        const flipped = wire.slice();
        flipped[at]! ^= 1 << bit;
        expect(split(flipped).every((f) => f === null)).toBe(true);
      }
  });
});
