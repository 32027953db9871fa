import { formatCount } from '../../../src-main/base/units.ts';
import type { TraceInfo } from '../../../src-main/contract/trace.ts';
import { durationText } from '../../charts/trace/time-axis.ts';

export function rateText(rateHz: number): string {
  if (rateHz >= 1e6) return `${Number((rateHz / 1e6).toPrecision(4))} Msps`;
  if (rateHz >= 1e3) return `${Number((rateHz / 1e3).toPrecision(4))} ksps`;
  return `${Number(rateHz.toPrecision(4))} sps`;
}

/** For people: four digits are enough to know a trace by. */
export function lengthText({ durationS, sampleRateHz }: TraceInfo): string {
  return durationText(durationS, Math.min(sampleRateHz, 1000 / Math.max(1, durationS)));
}

export function lostText({ missingSamples, lengthSamples }: TraceInfo): string {
  if (missingSamples === 0) return 'none';
  const share = (missingSamples / Math.max(1, lengthSamples)) * 100;
  return `${formatCount(missingSamples)} (${share < 0.01 ? '< 0.01' : share.toFixed(2)} %)`;
}

export function startedText(startedAt: string | null): string {
  return startedAt === null ? '—' : startedAt.slice(0, 16).replace('T', ' ');
}

/** How a recording ended, in words. */
export function stateText({ state, reason }: TraceInfo): string {
  if (state === 'recording') return 'recording';
  if (state === 'complete') return 'complete';
  return `ended early${reason ? `: ${reason}` : ''}`;
}

/** A span of a trace on the command line. */
export function spanOptions(info: TraceInfo, from: number, to: number): string {
  const s = (sample: number) => `${Number((sample / info.sampleRateHz).toFixed(6))}s`;
  return `--from ${s(from)} --to ${s(to)}`;
}
