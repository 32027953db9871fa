/**
 * What it costs to record: an hour of an emulated PPK2 in process, ten minutes through a pseudo-terminal, and a minute of
 * two channels at 2 Msps. In virtual time: as fast as it goes, CPU of all threads of this process.
 * MICROJOULE_BENCH_S shortens the hour.
 */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WallClock } from '../../src-main/base/clock.ts';
import { orThrow } from '../../src-main/base/errors.ts';
import { openSerial } from '../../src-main/link/serial.ts';
import { openPpk2 } from '../../src-main/monitor/ppk2/driver.ts';
import { ppk2Codec } from '../../src-main/monitor/ppk2/decoder.ts';
import { carryMonitor } from '../../src-main/sim/carried-monitor.ts';
import type { LoadStep } from '../../src-main/sim/monitors/load-file.ts';
import { createPpk2Twin } from '../../src-main/sim/monitors/ppk2-twin.ts';
import { pulledPpk2 } from '../../src-main/sim/pulled-ppk2.ts';
import { ThreadedTraceFile } from '../../src-main/store/threaded-trace-file.ts';
import { float32Codec } from '../../src-main/trace/float32.ts';
import { newTraceHeader, type SampleCodec } from '../../src-main/trace/format.ts';
import { recordTrace } from '../../src-main/trace/recording.ts';
import type { SampleSource } from '../../src-main/trace/source.ts';
import { twoChannelSource } from '../two-channel-source.ts';

export const name = 'record';

const IN_PROCESS_S = Number(process.env.MICROJOULE_BENCH_S ?? 3600);
const PTY_S = Math.min(600, IN_PROCESS_S);
const FAST_S = Math.min(60, IN_PROCESS_S);

const LOAD: readonly LoadStep[] = [
  { timeUs: 0, currentA: 40e-6, logic: 0 },
  { timeUs: 40_000, currentA: 4.2e-3, logic: 1 },
  { timeUs: 44_000, currentA: 21e-3, logic: 3 },
  { timeUs: 45_000, currentA: 4.2e-3, logic: 1 },
  { timeUs: 46_000, currentA: 40e-6, logic: 0 },
  { timeUs: 100_000, currentA: 40e-6, logic: 0 },
];

interface Cost {
  readonly cpuPerS: number;
  readonly lost: number;
  readonly samples: number;
  /** Greatest resident memory after the first tenth, above the least. */
  readonly memoryMb: number;
  readonly wallS: number;
}

async function costOf(
  source: SampleSource,
  codecs: readonly SampleCodec[],
  seconds: number,
  path: string,
): Promise<Cost> {
  const header = newTraceHeader(source.streamFormat, {
    traceId: 'bench',
    title: 'bench',
    source: 'emulated',
  });
  await using store = orThrow(await ThreadedTraceFile.create(path, header));
  const [codec, ...moreCodecs] = codecs;
  const resident: number[] = [];
  const began = performance.now();
  const cpuBegan = process.cpuUsage();
  const maxSamples = Math.round(seconds * header.sampleRateHz);
  const recording = recordTrace(source, store, codec!, { maxSamples, moreCodecs });
  const timer = setInterval(() => {
    if (recording.lengthSamples > maxSamples / 10) resident.push(process.memoryUsage.rss() / 1e6);
  }, 50);
  const end = await recording.ended;
  clearInterval(timer);
  const cpu = process.cpuUsage(cpuBegan);
  if (end.kind !== 'complete') throw new Error(`ended as ${end.kind}: ${end.failure?.id}`);
  return {
    cpuPerS: (cpu.user + cpu.system) / 1e6 / seconds,
    lost: maxSamples - end.committedSamples + end.missingSamples,
    samples: end.committedSamples,
    memoryMb: resident.length > 1 ? Math.max(...resident) - Math.min(...resident) : 0,
    wallS: (performance.now() - began) / 1000,
  };
}

async function inProcess(folder: string): Promise<Cost> {
  const link = pulledPpk2(createPpk2Twin(), LOAD);
  await using monitor = orThrow(await openPpk2(link));
  orThrow(await monitor.setSupply({ mode: 'ampere', millivolts: 3300 }));
  return await costOf(monitor, [ppk2Codec], IN_PROCESS_S, join(folder, 'in-process.mjtrace'));
}

async function throughPty(folder: string): Promise<Cost & { readonly socatCpuPerS: number }> {
  await using carrier = orThrow(
    await carryMonitor({
      kind: 'ppk2',
      steps: LOAD,
      repeat: true,
      pace: 'free',
      place: { kind: 'pty' },
      seed: 1,
    }),
  );
  const link = orThrow(await openSerial({ path: carrier.address, baud: 115_200, clock: new WallClock() }));
  await using monitor = orThrow(await openPpk2(link));
  orThrow(await monitor.setSupply({ mode: 'ampere', millivolts: 3300 }));
  const before = childrenCpuS();
  const cost = await costOf(monitor, [ppk2Codec], PTY_S, join(folder, 'pty.mjtrace'));
  return { ...cost, socatCpuPerS: (childrenCpuS() - before) / PTY_S };
}

/** CPU of the processes this one started: proc(5), fields 14 and 15 of stat, 100 ticks a second. */
function childrenCpuS(): number {
  if (!existsSync('/proc/self/stat')) return NaN;
  let ticks = 0;
  for (const entry of readdirSync('/proc').filter((f) => /^\d+$/.test(f)))
    try {
      const stat = readFileSync(`/proc/${entry}/stat`, 'utf8');
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      if (Number(fields[1]) === process.pid) ticks += Number(fields[11]) + Number(fields[12]);
    } catch {
      // it has ended meanwhile
    }
  return ticks / 100;
}

export async function bench() {
  const folder = mkdtempSync(join(tmpdir(), 'record-'));
  try {
    const direct = await inProcess(folder);
    rmSync(join(folder, 'in-process.mjtrace'), { force: true });
    const pty = await throughPty(folder);
    rmSync(join(folder, 'pty.mjtrace'), { force: true });
    const fast = await costOf(
      twoChannelSource(2_000_000),
      [float32Codec, float32Codec],
      FAST_S,
      join(folder, 'fast.mjtrace'),
    );
    const lost = direct.lost + pty.lost + fast.lost;
    const check = (what: string, value: number, limit: number) => ({
      name: what,
      value,
      limit,
      ok: value <= limit,
    });
    return {
      figures: {
        inProcessS: IN_PROCESS_S,
        inProcessCpuPerS: direct.cpuPerS,
        inProcessWallS: direct.wallS,
        inProcessMemoryMb: direct.memoryMb,
        ptyS: PTY_S,
        ptyCpuPerS: pty.cpuPerS,
        ptySocatCpuPerS: pty.socatCpuPerS,
        ptyMemoryMb: pty.memoryMb,
        twoChannelsS: FAST_S,
        twoChannelsCpuPerS: fast.cpuPerS,
        twoChannelsWallS: fast.wallS,
        twoChannelsMemoryMb: fast.memoryMb,
        lostSamples: lost,
      },
      checks: [
        check('100 ksps in process, CPU s per s', direct.cpuPerS, 0.02),
        check('100 ksps through a pseudo-terminal, CPU s per s', pty.cpuPerS, 0.15),
        check('memory while recording, MB up and down', direct.memoryMb, 40),
        check('2 Msps, two channels, wall s per s', fast.wallS / FAST_S, 1),
        check('samples lost', lost, 0),
      ],
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
