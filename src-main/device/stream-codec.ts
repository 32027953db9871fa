import {
  StreamFrame,
  StreamGapRecordBytes,
  StreamHeadBytes,
  StreamReportBytes,
  StreamWindowRecordBytes,
  readStreamGapRecord,
  readStreamReport,
  readStreamWindowRecord,
  writeStreamHead,
  type StreamGapRecord,
  type StreamReport,
  type StreamWindowRecord,
} from '../abi/generated.ts';
import { crc32 } from '../base/crc.ts';
import { decodeCobs, encodeCobs } from '../link/cobs.ts';

/** Frames of a running stream: docs/stream-format.md. 0x00 COBS( head ‖ payload ‖ CRC-32 ) 0x00. */
export type HostFrame =
  | {
      readonly type: 'samples';
      readonly sequence: number;
      readonly firstSample: number;
      readonly count: number;
      readonly payload: Uint8Array;
    }
  | { readonly type: 'probe' | 'end'; readonly sequence: number; readonly firstSample: number }
  | { readonly type: 'gaps'; readonly fromIndex: number };

const types = {
  samples: StreamFrame.Samples,
  probe: StreamFrame.Probe,
  end: StreamFrame.End,
  gaps: StreamFrame.Gaps,
} as const;

const CRC_BYTES = 4;

/** Bytes on the line that a samples frame of so much payload takes at most. */
export function wireBytes(payloadBytes: number): number {
  const body = StreamHeadBytes + payloadBytes + CRC_BYTES;
  return body + Math.floor(body / 254) + 3;
}

export function encodeStreamFrame(frame: HostFrame): Uint8Array {
  const payload = frame.type === 'samples' ? frame.payload : null;
  const body = new Uint8Array(StreamHeadBytes + (payload?.length ?? 0) + CRC_BYTES);
  const view = new DataView(body.buffer);
  writeStreamHead(view, 0, {
    type: types[frame.type],
    pad: 0,
    sequence: frame.type === 'gaps' ? 0 : frame.sequence & 0xffff,
    firstSample: (frame.type === 'gaps' ? frame.fromIndex : frame.firstSample) >>> 0,
    count: frame.type === 'samples' ? frame.count : 0,
    pad2: 0,
  });
  if (payload) body.set(payload, StreamHeadBytes);
  view.setUint32(body.length - CRC_BYTES, crc32(body.subarray(0, body.length - CRC_BYTES)), true);
  const stuffed = encodeCobs(body);
  const wire = new Uint8Array(stuffed.length + 2);
  wire.set(stuffed, 1);
  return wire;
}

export type DeviceFrame =
  | { readonly kind: 'status' | 'ended'; readonly report: StreamReport }
  | { readonly kind: 'gap'; readonly report: StreamReport; readonly gap: StreamGapRecord }
  | { readonly kind: 'dropped'; readonly report: StreamReport; readonly window: StreamWindowRecord }
  | {
      readonly kind: 'window';
      readonly report: StreamReport;
      readonly window: StreamWindowRecord;
      readonly output: Uint8Array;
      /** Empty where they were not asked for. */
      readonly features: Uint8Array;
    };

/** Null for a frame that is damaged or unknown. */
export function decodeStreamFrame(stuffed: Uint8Array): DeviceFrame | null {
  const body = decodeCobs(stuffed);
  if (!body || body.length < StreamReportBytes + CRC_BYTES) return null;
  const view = new DataView(body.buffer, body.byteOffset, body.length);
  const end = body.length - CRC_BYTES;
  if (crc32(body.subarray(0, end)) !== view.getUint32(end, true)) return null;
  const report = readStreamReport(view, 0);
  const rest = end - StreamReportBytes;
  switch (report.type) {
    case StreamFrame.Status:
      return rest === 0 ? { kind: 'status', report } : null;
    case StreamFrame.Ended:
      return rest === 0 ? { kind: 'ended', report } : null;
    case StreamFrame.Gap:
      return rest === StreamGapRecordBytes
        ? { kind: 'gap', report, gap: readStreamGapRecord(view, StreamReportBytes) }
        : null;
    case StreamFrame.Window:
    case StreamFrame.Dropped:
      return rest >= StreamWindowRecordBytes ? windowFrame(report, body, view, end) : null;
    default:
      return null;
  }
}

function windowFrame(
  report: StreamReport,
  body: Uint8Array,
  view: DataView,
  end: number,
): DeviceFrame | null {
  const window = readStreamWindowRecord(view, StreamReportBytes);
  const at = StreamReportBytes + StreamWindowRecordBytes;
  if (at + window.outputBytes + window.featureBytes !== end) return null;
  if (report.type === StreamFrame.Dropped) return { kind: 'dropped', report, window };
  return {
    kind: 'window',
    report,
    window,
    output: body.slice(at, at + window.outputBytes),
    features: body.slice(at + window.outputBytes, end),
  };
}

/** Cuts what comes from the device at 0x00, however it was chunked. What is too long counts as damaged. */
export class StreamSplitter {
  readonly #buffer: Uint8Array;
  #length = 0;
  #overflow = false;

  constructor(maxBytes = 20_000) {
    this.#buffer = new Uint8Array(maxBytes);
  }

  /** Null stands for a damaged frame. */
  push(bytes: Uint8Array, onFrame: (frame: DeviceFrame | null) => void): void {
    let from = 0;
    for (;;) {
      const zero = bytes.indexOf(0, from);
      this.#append(bytes.subarray(from, zero < 0 ? bytes.length : zero));
      if (zero < 0) return;
      from = zero + 1;
      if (this.#length === 0) continue;
      const frame = this.#overflow ? null : decodeStreamFrame(this.#buffer.subarray(0, this.#length));
      this.#length = 0;
      this.#overflow = false;
      onFrame(frame);
    }
  }

  /** What came after the last 0x00, as text: the dialect again. */
  get pendingText(): string {
    return Buffer.from(this.#buffer.subarray(0, this.#length)).toString('latin1');
  }

  #append(bytes: Uint8Array): void {
    const room = Math.min(bytes.length, this.#buffer.length - this.#length);
    this.#buffer.set(bytes.subarray(0, room), this.#length);
    this.#length += room;
    if (room < bytes.length) this.#overflow = true;
  }
}
