import { fail, ok, type Result } from '../../base/errors.ts';
import type { MonitorFaults } from './faults.ts';

/** Faults of a monitor that is served to other programs; `unplugAtS` ends the connection. */
export type ServedFaults = MonitorFaults & { readonly unplugAtS?: number };

/** What `--fault` takes; numbers of samples and bytes count from the start of the stream. */
export const faultForms = [
  'drop=SHARE',
  'drop-run=SAMPLE+COUNT',
  'lose-bytes=BYTE+COUNT',
  'stall=SAMPLE+COUNT',
  'buffer=BYTES',
  'left-over=BYTES',
  'over-current=SAMPLE[+COUNT]',
  'gain=RELATIVE',
  'mute',
  'unplug=SECONDS',
] as const;

function refused(word: string): Result<never> {
  return fail(
    'cli.bad-fault',
    { fault: word, known: faultForms },
    'This is no fault that a monitor can be given.',
    'Write one of the forms that are known; --fault can be given several times.',
  );
}

const run = (at: number, count: number) => Array.from({ length: count }, (_, i) => at + i);
const LONGEST_RUN = 10_000_000;

/** Words of the command line → faults. `cli.bad-fault`. */
export function parseFaults(words: readonly string[]): Result<ServedFaults> {
  let faults: ServedFaults = {};
  for (const word of words) {
    const [, name = '', first = '', , second] = /^([a-z-]+)(?:=([\d.eE-]+)(\+(\d+))?)?$/.exec(word) ?? [];
    const value = first === '' ? NaN : Number(first);
    const count = second === undefined ? NaN : Number(second);
    const more = faultOf(name, value, count, faults);
    if (!more) return refused(word);
    faults = { ...faults, ...more };
  }
  return ok(faults);
}

function faultOf(name: string, value: number, count: number, before: ServedFaults): ServedFaults | null {
  const whole = Number.isInteger(value) && value >= 0;
  const given = !Number.isNaN(count);
  const isRun = whole && count >= 1 && count <= LONGEST_RUN;
  switch (name) {
    case 'mute':
      return Number.isNaN(value) ? { mute: true } : null;
    case 'drop':
      return value > 0 && value < 1 ? { dropShare: value } : null;
    case 'drop-run':
      return isRun ? { dropSamples: new Set([...(before.dropSamples ?? []), ...run(value, count)]) } : null;
    case 'lose-bytes':
      return isRun ? { loseBytes: new Set([...(before.loseBytes ?? []), ...run(value, count)]) } : null;
    case 'stall':
      return isRun ? { stalls: [...(before.stalls ?? []), { atSample: value, samples: count }] } : null;
    case 'buffer':
      return whole && value > 0 ? { outputLimitBytes: value } : null;
    case 'left-over':
      return whole ? { leftOverBytes: value } : null;
    case 'over-current':
      if (!whole || (given && !isRun)) return null;
      return { overCurrentAtSample: value, ...(given ? { overCurrentSamples: count } : {}) };
    case 'gain':
      return value > -1 && value < 10 ? { gainError: value } : null;
    case 'unplug':
      return value > 0 ? { unplugAtS: value } : null;
    default:
      return null;
  }
}
