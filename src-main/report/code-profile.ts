import { flameChart } from '../chart/flame.ts';
import { profileFrames } from '../contract/code-frames.ts';
import type { CodeLine, CodeProfile } from '../contract/index.ts';

/** One function over all parts. */
export interface FunctionRow {
  readonly name: string;
  readonly calls: number;
  readonly instructions: number;
  readonly cycles: number;
  readonly stallCycles: number;
}

/** Functions over all operators, costliest first. */
export function functionRows(profile: CodeProfile): FunctionRow[] {
  const rows = new Map<string, FunctionRow>();
  for (const f of profile.parts.flatMap((p) => p.functions)) {
    const r = rows.get(f.name);
    rows.set(f.name, {
      name: f.name,
      calls: (r?.calls ?? 0) + f.calls,
      instructions: (r?.instructions ?? 0) + f.instructions,
      cycles: (r?.cycles ?? 0) + f.cycles,
      stallCycles: (r?.stallCycles ?? 0) + f.stallCycles,
    });
  }
  return [...rows.values()].sort((a, b) => b.cycles - a.cycles);
}

export interface LineRow extends CodeLine {
  readonly functionName: string;
}

/** Source lines over all operators, costliest first. */
export function lineRows(profile: CodeProfile): LineRow[] {
  const rows = new Map<string, LineRow>();
  for (const f of profile.parts.flatMap((p) => p.functions))
    for (const l of f.lines) {
      const key = `${f.name}\0${l.file}:${l.line}`;
      const r = rows.get(key);
      rows.set(key, {
        functionName: f.name,
        file: l.file,
        line: l.line,
        cycles: (r?.cycles ?? 0) + l.cycles,
        instructions: (r?.instructions ?? 0) + l.instructions,
      });
    }
  return [...rows.values()].sort((a, b) => b.cycles - a.cycles);
}

/** Operator → function → source line; exceptions, sleep and ROM beside them. */
export function profileFlame(profile: CodeProfile): string {
  return flameChart({
    title: 'Cycles by operator, function and source line',
    unit: 'cycles',
    root: profileFrames(profile),
  });
}
