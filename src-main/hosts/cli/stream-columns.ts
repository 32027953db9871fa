import { createInterface } from 'node:readline/promises';
import { ok, type Result } from '../../base/errors.ts';
import { openModelFile } from '../../core/model-file.ts';
import { streamModelOf } from '../../core/stream-model.ts';
import {
  columnUnits,
  mappingText,
  parseMapping,
  timeUnits,
  type ColumnGuess,
  type ColumnMapping,
} from '../../stream/columns.ts';
import { lookAtColumns } from '../../stream/columns-source.ts';
import type { SampleKind } from '../../stream/sample-block.ts';
import { imuAxes } from '../../stream/source.ts';
import type { CommandContext } from './context.ts';

export interface ColumnWords {
  readonly source?: string;
  readonly columns?: string;
  readonly rate?: number;
}

/** A question to a person, answered with a line. */
export type Ask = (question: string) => Promise<string>;

/** Of a file of columns: what --columns says, else what a person answers where the guess is unclear; null: by guess. */
export async function columnMapping(
  modelPath: string,
  o: ColumnWords,
  { output }: CommandContext,
): Promise<Result<ColumnMapping | null>> {
  const isFile = /\.(csv|tsv|txt|dat)$/i.test(o.source ?? '');
  if (o.columns === undefined && !(isFile && process.stdin.isTTY && process.stderr.isTTY)) return ok(null);
  const model = openModelFile(modelPath);
  if (!model.ok) return model;
  const shape = streamModelOf(
    model.value.graph,
    modelPath,
    o.rate === undefined ? {} : { imuRateHz: o.rate },
  );
  if (!shape.ok) return shape;
  const { format } = shape.value;
  if (o.columns !== undefined) return parseMapping(o.columns, format.kind);
  const look = await lookAtColumns(o.source!, format);
  if (!look.ok) return look;
  if (look.value.guess.mapping) return ok(null);
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const mapping = await askMapping(
      look.value.guess,
      format.kind,
      (q) => terminal.question(q),
      (line) => output.note(line),
    );
    if (mapping.ok) output.note(`the same next time: --columns ${mappingText(mapping.value, format.kind)}`);
    return mapping;
  } finally {
    terminal.close();
  }
}

/** Asks until each answer can be used: a column's number and perhaps a unit, `1 g`. */
export async function askMapping(
  guess: ColumnGuess,
  kind: SampleKind,
  ask: Ask,
  say: (line: string) => void,
): Promise<Result<ColumnMapping>> {
  say(`What is in which column is unclear: ${guess.unclear}.`);
  guess.columns.forEach((c, i) => say(`  ${i}: ${c.name}  (${c.example})`));
  const parts: string[] = [];
  const time = await askColumn(
    ask,
    say,
    guess.columns.length,
    `time [none] (column, unit ${timeUnits.join('/')}): `,
    timeUnits,
    true,
  );
  if (time !== '') parts.push(`time=${time}`);
  for (const name of kind === 'audio' ? ['sound'] : imuAxes)
    parts.push(
      `${name}=${await askColumn(ask, say, guess.columns.length, `${name} (column, unit ${columnUnits.join('/')}): `, columnUnits, false)}`,
    );
  return parseMapping(parts.join(','), kind);
}

async function askColumn(
  ask: Ask,
  say: (line: string) => void,
  columns: number,
  question: string,
  units: readonly string[],
  optional: boolean,
): Promise<string> {
  for (;;) {
    const [column = '', unit] = (await ask(question)).trim().split(/[\s:,]+/);
    if (column === '' && optional) return '';
    const good =
      /^\d+$/.test(column) && Number(column) < columns && (unit === undefined || units.includes(unit));
    if (good) return unit === undefined ? column : `${column}:${unit}`;
    say(`A column from 0 to ${columns - 1}, and perhaps one of ${units.join(', ')}.`);
  }
}
