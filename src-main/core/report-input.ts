import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { RunResult } from '../contract/index.ts';
import type { PowerTrace, ReportInput, SystemDescription } from '../report/report-model.ts';
import { ppk2 } from '../monitor/ppk2/descriptor.ts';
import type { Store } from '../store/store.ts';
import { TraceFile } from '../store/trace-file.ts';
import { Trace } from '../trace/trace.ts';
import { productVersion } from './product.ts';
import { findTarget } from './targets.ts';

const repository = join(import.meta.dirname, '../..');
const Manifest = z.object({ compiler: z.string(), flags: z.array(z.string()), crc32: z.string() });

/** Compiler and flags of the prebuilt firmware, when a run used it. */
function compilerOf(board: string, firmwareHash: string | null): string {
  try {
    const manifest = Manifest.parse(
      JSON.parse(readFileSync(join(repository, `firmware/prebuilt/${board}/manifest.json`), 'utf8')),
    );
    return manifest.crc32 === firmwareHash
      ? `${manifest.compiler} ${manifest.flags.filter((f) => /^-(O|mcpu|mthumb|std)/.test(f)).join(' ')}`
      : 'not the prebuilt firmware';
  } catch {
    return 'unknown';
  }
}

function systemOf(run: RunResult): SystemDescription {
  const board = findTarget(run.plan.targetId)?.board;
  const monitor = run.monitor;
  return [
    ['Board Name', run.targetName],
    ['Board serial', run.identity?.boardSerial ?? ''],
    ['SoC Name', board?.name ?? ''],
    ['Processor(s) Name', board?.core.name ?? ''],
    [
      'Processor(s) Frequencies',
      board?.unit !== 'instructions' && run.identity?.clockHz ? `${run.identity.clockHz / 1e6} MHz` : '',
    ],
    [
      'Processor memory',
      board ? `${board.ram.bytes / 1024} KiB RAM, ${board.flash.bytes / 1024} KiB flash` : '',
    ],
    ['Accelerator', 'none'],
    ['Inference Framework', `Microjoule engine, firmware ${run.identity?.firmwareHash ?? 'unknown'}`],
    ['General Compiler(s)', run.identity ? compilerOf(run.identity.boardId, run.identity.firmwareHash) : ''],
    ['Operating System', 'bare metal'],
    ['Quantization Method', 'post-training int8 as in the .tflite file'],
    [
      'Power monitor',
      monitor
        ? `${monitor.kind}, serial ${monitor.serial}, calibration ${monitor.calibration}${monitor.emulated ? ', emulated' : ''}`
        : '',
    ],
    ['Supply', run.plan.mode === 'energy' ? `${run.plan.supplyV} V set point` : ''],
    ['Hardware Notes', run.source === 'emulated' ? 'emulated board and monitor; no silicon' : ''],
  ];
}

const COLUMNS = 700;
/** So much before and after the first window is drawn, s. */
const MARGIN_S = 1.2;
const SHOWN_S = 1.5;

/** The current around the start of the first energy window, reduced to columns; null when the trace cannot be read. */
function powerTrace(run: RunResult): PowerTrace | null {
  const window = run.windows.find((w) => w.status === 'finished' && w.energy);
  const reference = run.traces.find((t) => t.id === window?.energy?.traceId);
  if (!window?.energy || !reference) return null;
  const file = TraceFile.open(reference.path);
  if (!file.ok) return null;
  using opened = file.value;
  const trace = new Trace(opened, ppk2.codec);
  const rate = trace.header.sampleRateHz;
  const startS = window.energy.traceStartUs / 1e6;
  const fromS = Math.max(0, startS - MARGIN_S);
  const toS = Math.min(trace.lengthSamples / rate, startS + SHOWN_S);
  const minMa: number[] = [];
  const maxMa: number[] = [];
  for (let i = 0; i < COLUMNS; i++) {
    const from = Math.floor((fromS + ((toS - fromS) * i) / COLUMNS) * rate);
    const span = trace.span(
      from,
      Math.max(from + 1, Math.floor((fromS + ((toS - fromS) * (i + 1)) / COLUMNS) * rate)),
    );
    const there = span.ok && span.value.coveredSamples > 0;
    minMa.push(there ? span.value.sums.min * 1e3 : NaN);
    maxMa.push(there ? span.value.sums.max * 1e3 : NaN);
  }
  const endS = Math.min(toS, window.energy.traceEndUs / 1e6);
  return {
    runId: run.runId,
    fromS,
    toS,
    minMa,
    maxMa,
    regions: [{ from: startS, to: endS, label: `window ${window.index + 1} begins` }],
  };
}

/** What report/ needs of some runs: system description and the drawn part of their traces. */
export function reportInput(
  runs: readonly RunResult[],
  store: Pick<Store, 'codeProfiles'>,
  baseline: number | null = null,
): ReportInput {
  const described = runs.find((r) => r.plan.mode === 'energy' && r.monitor) ?? runs[0];
  return {
    generator: `Microjoule ${productVersion()}`,
    system: described ? systemOf(described) : [],
    runs,
    baseline,
    powerTraces: runs.map(powerTrace).filter((t): t is PowerTrace => t !== null),
    codeProfiles: runs.flatMap(({ runId }) => {
      const profile = store.codeProfiles.of(runId);
      return profile.ok && profile.value ? [{ runId, profile: profile.value }] : [];
    }),
  };
}
