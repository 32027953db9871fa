import { flameChart, type FlameNode } from '../chart/flame.ts';
import type { CodeFunctionCost, CodeLine, CodePart, CodeProfile } from '../contract/index.ts';

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

/** Operator → function → source line; exceptions, sleep and ROM beside them. There is no call stack in it. */
export function profileFlame(profile: CodeProfile): string {
  const parts = profile.parts.map(partNode);
  const others: FlameNode[] = [
    ['exception entry and return', profile.exceptionCycles],
    ['asleep (WFI, WFE)', profile.asleepCycles],
    ['boot ROM', profile.romCycles],
  ].flatMap(([name, value]) =>
    Number(value) > 0 ? [{ name: String(name), value: Number(value), kind: 7 }] : [],
  );
  return flameChart({
    title: 'Cycles by operator, function and source line',
    unit: 'cycles',
    root: { name: 'all', value: profile.cycles, kind: 7, children: [...parts, ...others] },
  });
}

function partNode(part: CodePart): FlameNode {
  const name = part.operator === null ? 'outside operators' : `${part.operator} ${part.name}`;
  return {
    name,
    value: part.cycles,
    detail: `${part.stallCycles.toLocaleString('en')} cycles of it waiting for memory`,
    kind: part.operator === null ? 7 : part.operator % 7,
    children: part.functions.map(functionNode),
  };
}

function functionNode(f: CodeFunctionCost): FlameNode {
  return {
    name: f.name,
    value: f.cycles,
    detail: `${f.calls.toLocaleString('en')} calls, ${f.instructions.toLocaleString('en')} instructions`,
    children: f.lines.map((l) => ({
      name: l.file === null ? '(no line)' : `${l.file.split('/').at(-1)}:${l.line}`,
      value: l.cycles,
      ...(l.file === null ? {} : { detail: `${l.file}:${l.line}` }),
    })),
  };
}
