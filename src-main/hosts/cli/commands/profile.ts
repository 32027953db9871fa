import { fail, type Result } from '../../../base/errors.ts';
import type { CodeProfile, KernelChoice } from '../../../contract/index.ts';
import { prepare } from '../../../core.ts';
import { profileCode } from '../../../core/code-profile.ts';
import { functionRows, lineRows, profileFlame } from '../../../report/code-profile.ts';
import type { CommandContext } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import { openCoreToRead } from '../open-core.ts';
import { table } from '../output.ts';
import { writeText } from '../write-text.ts';

export interface ProfileOptions {
  readonly target: string;
  readonly kernels: KernelChoice;
  readonly run?: number;
  readonly inferences: number;
  readonly seed: number;
  readonly zeroWait?: boolean;
  readonly svg?: string;
  readonly lines: number;
}

const n = (x: number) => Math.round(x).toLocaleString('en');
const percent = (part: number, whole: number) => (whole > 0 ? ((100 * part) / whole).toFixed(1) : '');

export async function profile(
  model: string | null,
  o: ProfileOptions,
  { output, db }: CommandContext,
): Promise<number> {
  const done = await make(model, o, db);
  if (!done.ok) return output.fail(done);
  if (o.svg !== undefined) {
    const written = writeText(o.svg, profileFlame(done.value));
    if (!written.ok) return output.fail(written);
  }
  output.result(done.value, () => codeProfileText(done.value, o.lines, o.svg));
  return exitCodes.done;
}

async function make(
  model: string | null,
  o: ProfileOptions,
  db: string | null,
): Promise<Result<CodeProfile>> {
  const request = { inferences: o.inferences, seed: o.seed, ...(o.zeroWait ? { zeroWait: true } : {}) };
  if ((model === null) === (o.run === undefined))
    return fail(
      'cli.usage',
      { model, run: o.run ?? null },
      'A profile is of a model or of the model of a run.',
      'microjoule profile MODEL.tflite, or microjoule profile --run RUN.',
    );
  if (o.run !== undefined) {
    const opened = await openCoreToRead(db);
    if (!opened.ok) return opened;
    await using core = opened.value;
    return await core.profileRun(o.run, request);
  }
  const prepared = prepare(model!, o.target, o.kernels);
  return prepared.ok ? profileCode(prepared.value, request) : prepared;
}

/** Tables of a profile for a terminal: operators, functions, source lines. */
export function codeProfileText(p: CodeProfile, lines: number, svg?: string): string {
  const hits = p.xipAccesses > 0 ? `, XIP hits ${percent(p.xipHits, p.xipAccesses)} %` : '';
  const head =
    `${n(p.cycles)} cycles at ${(p.clkSysHz / 1e6).toFixed(1)} MHz: ${percent(p.asleepCycles, p.cycles)} % asleep, ` +
    `${percent(p.stallCycles, p.cycles)} % waiting for memory${hits}`;
  const parts = p.parts.map((part) => {
    const kinds = part.classes.slice(0, 3).map((c) => `${c.kind} ${percent(c.cycles, part.cycles)}`);
    return [
      part.operator === null ? '' : String(part.operator),
      part.name.slice(0, 30),
      n(part.cycles),
      percent(part.cycles, p.cycles),
      percent(part.stallCycles, part.cycles),
      n(part.instructions),
      `${n(part.traffic.loadBytes)} / ${n(part.traffic.storeBytes)}`,
      kinds.join(', '),
    ];
  });
  const functions = functionRows(p)
    .slice(0, lines)
    .map((f) => [
      f.name,
      n(f.cycles),
      percent(f.cycles, p.cycles),
      percent(f.stallCycles, f.cycles),
      n(f.calls),
      n(f.instructions),
    ]);
  const sources = lineRows(p)
    .slice(0, lines)
    .map((l) => [
      l.file === null ? '(no line)' : `${l.file}:${l.line}`,
      l.functionName,
      n(l.cycles),
      percent(l.cycles, p.cycles),
    ]);
  return [
    head,
    table(
      ['op', 'operator', 'cycles', '%', 'stalled %', 'instructions', 'bytes loaded / stored', 'classes, %'],
      parts,
      [0, 2, 3, 4, 5],
    ),
    table(['function', 'cycles', '%', 'stalled %', 'calls', 'instructions'], functions, [1, 2, 3, 4, 5]),
    table(['source line', 'function', 'cycles', '%'], sources, [2, 3]),
    svg === undefined ? '' : `flame graph → ${svg}`,
  ]
    .filter(Boolean)
    .join('\n\n');
}
