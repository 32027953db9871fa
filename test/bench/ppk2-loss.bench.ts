/** An hour of a PPK2's stream under delivery jitter: no false alarm, and every loss of k × 64 flagged in time. */
import { Rng } from '../../src-main/base/rng.ts';
import { Ppk2WordStream } from '../../src-main/monitor/ppk2/word-stream.ts';
import { deliverJittered, type Loss } from '../unit/monitor/ppk2-jitter.ts';

export const name = 'ppk2-loss';

const HOUR_S = 3600;

function watch(seed: number, seconds: number, driftPpm: number, losses: readonly Loss[]) {
  const flags: { missing: number; atS: number }[] = [];
  let now = 0;
  let missing = 0;
  const stream = new Ppk2WordStream({
    words: () => undefined,
    gap: (n, cause) => {
      missing += n;
      if (cause === 'likely-multiple-of-64') flags.push({ missing: n, atS: now / 1e6 });
    },
    mark: () => undefined,
  });
  deliverJittered(new Rng(seed), { seconds, driftPpm, losses }, (bytes, nowUs) => {
    now = nowUs;
    stream.push(bytes, nowUs);
  });
  stream.end();
  return { flags, missing };
}

export async function bench() {
  const began = performance.now();
  const clean = watch(1, HOUR_S, 50, []);
  const hourS = (performance.now() - began) / 1000;
  const cleanOther = watch(2, HOUR_S, -50, []);
  // a loss every 20 s for ten minutes, 1 to 30 blocks, now and then with a rest that the counter sees
  const rng = new Rng(3);
  const losses = Array.from({ length: 29 }, (_, i) => ({
    atSample: (i + 1) * 2_000_000 + rng.int(0, 500_000),
    count: 64 * rng.int(1, 30) + (i % 3 === 0 ? rng.int(1, 63) : 0),
  }));
  const lossy = watch(4, 600, 50, losses);
  const lost = losses.reduce((n, l) => n + l.count, 0);
  const latest = losses.reduce((worst, { atSample }, i) => {
    const flag = lossy.flags[i];
    return Math.max(worst, flag ? flag.atS - atSample / 1e5 : Infinity);
  }, 0);
  const alarms = clean.flags.length + cleanOther.flags.length + clean.missing + cleanOther.missing;
  return {
    figures: {
      cpuSecondsPerHour: hourS,
      flagged: lossy.flags.length,
      losses: losses.length,
      latestFlagS: latest,
    },
    checks: [
      {
        name: 'false alarms in two hours of clean stream at ± 50 ppm',
        value: alarms,
        limit: 0,
        ok: alarms === 0,
      },
      {
        name: 'samples by which the count of losses is off',
        value: Math.abs(lossy.missing - lost),
        limit: 0,
        ok: lossy.missing === lost,
      },
      { name: 'latest flag after its loss, s', value: latest, limit: 10, ok: latest <= 10 },
    ],
  };
}
