import type { Failure } from '../base/errors.ts';
import type { FailureDto } from '../contract/index.ts';

/**
 * What a failure in the middle of a run means for it:
 * `lost`: the board or the monitor is gone, pause and wait for it; `void`: this window is void, recover and repeat;
 * `aborted`: the user stopped; `fatal`: the run ends and keeps what it has.
 */
export type FailureKind = 'lost' | 'void' | 'aborted' | 'fatal';

const lost = new Set([
  'link.closed',
  'link.write-failed',
  'device.lost',
  'monitor.lost',
  'monitor.link-lost',
  'trace.recording-ended',
]);

/** Conditions that another try cannot change. */
const fatal = new Set([
  'device.no-mj',
  'device.wrong-program',
  'device.wrong-firmware',
  'device.wrong-mode',
  'device.bad-count',
  'device.input-size',
  'device.interface-board',
  'device.not-a-dut',
  'device.session-closed',
  'link.permission',
  'link.busy',
  'link.not-found',
  'monitor.none',
  'monitor.no-supply',
  'monitor.no-window-input',
  'monitor.cannot-supply',
  'monitor.no-ampere-mode',
  'monitor.bad-voltage',
]);

/** Of the trace's failures only those that say "no usable window here": the rest are files and disks. */
const voidTrace = /^trace\.(window-|no-window|supply-changed)/;

export function failureKind(f: { readonly id: string }): FailureKind {
  if (f.id === 'run.interrupted') return 'aborted';
  if (lost.has(f.id)) return 'lost';
  if (fatal.has(f.id)) return 'fatal';
  if (/^(device|monitor|link)\./.test(f.id) || voidTrace.test(f.id)) return 'void';
  return 'fatal';
}

export function toDto(f: Failure): FailureDto {
  return { id: f.id, facts: { ...f.facts }, cause: f.cause, next: f.next };
}
