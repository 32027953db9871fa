import { join } from 'node:path';
import { fail, type Failure } from '../../../base/errors.ts';
import type { RecordStatus, RecordSummary } from '../../../contract/index.ts';
import type { CommandContext } from '../context.ts';
import { exitCodeOf, exitCodes } from '../exit-codes.ts';
import { openCore } from '../open-core.ts';
import { failureLines } from '../output.ts';
import { amperes, joules, seconds } from '../trace-text.ts';

export interface RecordOptions {
  readonly monitor?: readonly string[];
  readonly for?: number;
  readonly out?: string;
  readonly title?: string;
  readonly supply: number;
  readonly mode?: 'source' | 'ampere';
  readonly unfiltered?: boolean;
  readonly load?: string;
  readonly realTime?: boolean;
  readonly seed: number;
}

const PLAIN_EVERY = 40;

export async function record(o: RecordOptions, { output, db, signal }: CommandContext): Promise<number> {
  const monitors = o.monitor ?? ['emulated'];
  const opened = await openCore(db);
  if (!opened.ok) return output.fail(opened);
  await using core = opened.value;
  const several = monitors.length > 1;
  let looks = 0;
  const states = new Map<number, RecordStatus>();
  const all = await Promise.all(
    monitors.map(async (monitor, k) => {
      const path = o.out !== undefined && several ? join(o.out, `monitor-${k + 1}.mjtrace`) : o.out;
      const request = {
        monitor,
        supplyMv: Math.round(o.supply * 1000),
        // two emulated ones are not the same instrument
        seed: o.seed + k,
        ...(o.mode === undefined ? {} : { mode: o.mode }),
        ...(o.for === undefined ? {} : { seconds: o.for }),
        ...(path === undefined ? {} : { path }),
        ...(o.unfiltered ? { unfiltered: true } : {}),
        ...(o.title === undefined ? {} : { title: o.title }),
        ...(o.realTime ? { realTime: true } : {}),
        ...(o.load === undefined ? {} : { load: o.load }),
      };
      return core.record(request, {
        signal,
        onStatus: (status) => {
          states.set(k, status);
          // into a file or a pipe a line now and then is enough
          if (!process.stderr.isTTY && looks++ % PLAIN_EVERY !== 0) return;
          output.progress(statusText([...states.values()]), fractionOf(status, o.for), null);
        },
      });
    }),
  );
  output.endProgress();
  const failed = all.find((r): r is Failure => !r.ok);
  const summaries = all.flatMap((r) => (r.ok ? [r.value] : []));
  if (summaries.length === 0) return output.fail(failed ?? nothing());
  output.result(several ? summaries : summaries[0], () => summaries.map(summaryText).join('\n\n'));
  if (failed) return output.json ? exitCodeOf(failed) : output.fail(failed);
  const early = summaries.find((s) => s.failure !== null)?.failure;
  return early ? exitCodeOf(early) : exitCodes.done;
}

function nothing(): Failure {
  return fail('cli.no-monitor', {}, 'No monitor was named.', 'Name one with --monitor.');
}

function fractionOf(status: RecordStatus, wantedS: number | undefined): number | null {
  if (wantedS === undefined || status.samplesPerS === null) return null;
  return Math.min(1, status.lengthSamples / (status.samplesPerS * wantedS));
}

function statusText(states: readonly RecordStatus[]): string {
  return states
    .map((s) => {
      const lost = s.missingSamples > 0 ? `, ${s.missingSamples} lost` : '';
      const mean = s.meanA === null ? '' : `, mean ${amperes(s.meanA)}`;
      return `${(s.lengthSamples / 1e6).toFixed(2)} M samples${lost}${mean}`;
    })
    .join(' · ');
}

function summaryText({ trace, end, failure, status, clock }: RecordSummary): string {
  const lines = [
    `${trace.title}: ${seconds(trace.durationS)}, ${trace.lengthSamples} samples at ${trace.sampleRateHz} Hz, ${trace.missingSamples} lost`,
    `  ${trace.path}`,
  ];
  if (status.meanA !== null)
    lines.push(
      `  mean ${amperes(status.meanA)}, ${amperes(status.minA!)} to ${amperes(status.maxA!)}; charge ${status.chargeC.toPrecision(5)} C` +
        (status.energyJ === null ? '' : `, energy ${joules(status.energyJ)}`),
    );
  if (clock && trace.source === 'measured')
    lines.push(
      `  sample clock ${clock.ratePpm.toFixed(1)} ± ${clock.ratePlusMinusPpm.toPrecision(2)} ppm against this computer`,
    );
  if (end !== 'complete' && failure) lines.push(`  ended early: ${failureLines(failure)}`);
  return lines.join('\n');
}
