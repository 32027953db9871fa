import type { FactValue, Failure } from '../../base/errors.ts';
import { exitCodeOf } from './exit-codes.ts';

/**
 * Where a command writes. Results go to standard output, everything else to standard error; with --json standard
 * output carries exactly one JSON document, also for a failure.
 */
export interface Output {
  readonly json: boolean;
  /** The command's result: printed as JSON, or as the lines of `human`. */
  result(value: unknown, human: () => string): void;
  /** The same on one line, from a command that goes on: a program that started it reads so far and begins. */
  line(value: unknown, human: () => string): void;
  note(line: string): void;
  fail(failure: Failure): number;
  progress(text: string, fraction: number | null, etaS: number | null): void;
  endProgress(): void;
}

/** A failure for a terminal: id, what was seen, cause and next step, each on its line. */
export function failureLines(
  failure: Pick<Failure, 'id' | 'cause' | 'next'> & { readonly facts: Readonly<Record<string, FactValue>> },
): string {
  const facts = Object.entries(failure.facts).map(
    ([k, v]) => `  ${k}: ${Array.isArray(v) ? v.join(', ') : String(v)}`,
  );
  return [failure.id, ...facts, failure.cause, `→ ${failure.next}`].filter(Boolean).join('\n');
}

const BAR = 24;

/** `[######------------------]  25 %  window 2/5  ETA 0:42` */
export function progressLine(text: string, fraction: number | null, etaS: number | null): string {
  const parts: string[] = [];
  if (fraction !== null) {
    const done = Math.max(0, Math.min(BAR, Math.round(fraction * BAR)));
    parts.push(
      `[${'#'.repeat(done)}${'-'.repeat(BAR - done)}] ${String(Math.round(fraction * 100)).padStart(3)} %`,
    );
  }
  parts.push(text);
  if (etaS !== null && Number.isFinite(etaS)) {
    const s = Math.max(0, Math.round(etaS));
    parts.push(`ETA ${Math.floor(s / 60)}:${String(s % 60).padStart(2, '0')}`);
  }
  return parts.join('  ');
}

export function terminalOutput(
  json: boolean,
  stdout: NodeJS.WritableStream = process.stdout,
  stderr: NodeJS.WriteStream = process.stderr,
): Output {
  let drawn = false;
  let lastPlain = '';
  const clear = () => {
    if (drawn) stderr.write('\r\x1b[K');
    drawn = false;
  };
  return {
    json,
    result(value, human) {
      clear();
      stdout.write(json ? `${JSON.stringify(value, null, 2)}\n` : `${human()}\n`);
    },
    line(value, human) {
      clear();
      stdout.write(`${json ? JSON.stringify(value) : human()}\n`);
    },
    note(line) {
      clear();
      stderr.write(`${line}\n`);
    },
    fail(failure) {
      clear();
      if (json) stdout.write(`${JSON.stringify({ error: failure }, null, 2)}\n`);
      else stderr.write(`error ${failureLines(failure)}\n`);
      return exitCodeOf(failure);
    },
    progress(text, fraction, etaS) {
      if (stderr.isTTY) {
        stderr.write(`\r\x1b[K${progressLine(text, fraction, etaS)}`);
        drawn = true;
      } else if (text !== lastPlain) {
        // elsewhere than on a terminal: one plain line a step, no bar
        stderr.write(`${text}\n`);
        lastPlain = text;
      }
    },
    endProgress: clear,
  };
}

/** Columns padded to their widest cell; numbers (by `right`) to the right. Two spaces between columns. */
export function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  right: readonly number[] = [],
): string {
  const widths = head.map((h, c) => Math.max(visible(h), ...rows.map((r) => visible(r[c] ?? ''))));
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, c) => {
        const pad = ' '.repeat(Math.max(0, widths[c]! - visible(cell)));
        return right.includes(c) ? pad + cell : cell + pad;
      })
      .join('  ')
      .trimEnd();
  return [line(head), line(widths.map((w) => '─'.repeat(w))), ...rows.map(line)].join('\n');
}

function visible(text: string): number {
  return [...text].length;
}
