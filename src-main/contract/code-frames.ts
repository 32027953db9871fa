import type { CodeFunctionCost, CodePart, CodeProfile } from './code-profile.ts';

/** A frame of a flame graph of cycles, as chart/flame.ts draws it. */
export interface CodeFrame {
  readonly name: string;
  readonly value: number;
  readonly detail?: string;
  readonly kind?: number;
  readonly children?: readonly CodeFrame[];
}

/** Frames of one kind share a colour; this one is grey. */
const OTHER = 7;

/** Operator → function → source line; exceptions, sleep and ROM beside them. There is no call stack in it. */
export function profileFrames(profile: CodeProfile): CodeFrame {
  const others: readonly (readonly [string, number])[] = [
    ['exception entry and return', profile.exceptionCycles],
    ['asleep (WFI, WFE)', profile.asleepCycles],
    ['boot ROM', profile.romCycles],
  ];
  return {
    name: 'all',
    value: profile.cycles,
    kind: OTHER,
    children: [
      ...profile.parts.map(partFrame),
      ...others.flatMap(([name, value]) => (value > 0 ? [{ name, value, kind: OTHER }] : [])),
    ],
  };
}

function partFrame(part: CodePart): CodeFrame {
  const name = part.operator === null ? 'outside operators' : `${part.operator} ${part.name}`;
  return {
    name,
    value: part.cycles,
    detail: `${part.stallCycles.toLocaleString('en')} cycles of it waiting for memory`,
    kind: part.operator === null ? OTHER : part.operator % OTHER,
    children: part.functions.map(functionFrame),
  };
}

function functionFrame(f: CodeFunctionCost): CodeFrame {
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
