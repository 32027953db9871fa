import { readFileSync } from 'node:fs';
import { fail, ok, type Failure, type Result } from '../base/errors.ts';
import type { GroundTruth, LabelledSpan } from '../contract/index.ts';
import { cellsOf, isHeader, numberOf } from './columns.ts';

/**
 * Ground truth of a file: lines of label, start and end in seconds of stream time (comma, semicolon or tab). Audacity's
 * label tracks (start, end, label) are read too. A header, blank lines and lines with # are skipped.
 */
export function readTruth(path: string, kind: GroundTruth['kind']): Result<GroundTruth> {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (e) {
    return fail(
      'stream.cannot-read',
      { path, code: (e as NodeJS.ErrnoException).code ?? '' },
      'The ground truth cannot be read.',
      'Check the path given with --truth.',
    );
  }
  return parseTruth(text, path, kind);
}

export function parseTruth(text: string, path: string, kind: GroundTruth['kind']): Result<GroundTruth> {
  const spans: LabelledSpan[] = [];
  const lines = text.replace(/^\uFEFF/, '').split(/\r\n|\n|\r/);
  for (const [i, line] of lines.entries()) {
    if (line.trim() === '' || line.startsWith('#')) continue;
    const cells = cellsOf(line);
    const numbers = cells.slice(0, 3).map(numberOf);
    const audacity = !Number.isNaN(numbers[0]) && !Number.isNaN(numbers[1]);
    const [label, startS, endS] = audacity
      ? [cells[2], numbers[0], numbers[1]]
      : [cells[0], numbers[1], numbers[2]];
    if (spans.length === 0 && i < 2 && isHeader(cells) && Number.isNaN(startS)) continue;
    if (label === undefined || label === '' || !(startS! >= 0) || !(endS! > startS!))
      return malformed(path, i + 1, line);
    spans.push({ label, startUs: startS! * 1e6, endUs: endS! * 1e6 });
  }
  if (spans.length === 0) return malformed(path, lines.length, '');
  spans.sort((a, b) => a.startUs - b.startUs);
  return ok({ kind, spans, origin: path });
}

function malformed(path: string, line: number, text: string): Failure {
  return fail(
    'stream.truth-malformed',
    { path, line, text: text.slice(0, 80) },
    'A line reads label,start_s,end_s with an end after its start.',
    `Correct line ${line} of ${path}.`,
  );
}
