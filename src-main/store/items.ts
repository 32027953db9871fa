import { z } from 'zod';
import { AccuracyItem } from '../contract/index.ts';
import type { Table } from './context.ts';
import { jsonOrNull, parsed, parsedOrNull } from './rows.ts';

export function putItem(table: Table, runId: number, i: AccuracyItem): void {
  table.run(
    `INSERT INTO accuracy_items (run_id, item_index, name, label, predicted, scores_json, inferences, output_check,
       difference_json) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    runId,
    i.index,
    i.name,
    i.label,
    i.predicted,
    JSON.stringify(i.scores),
    i.inferences,
    i.outputCheck,
    jsonOrNull(i.difference),
  );
}

export function itemsOf(table: Table, runId: number): AccuracyItem[] {
  const rows = table.all('SELECT * FROM accuracy_items WHERE run_id = ? ORDER BY item_index', runId);
  return rows.map((r) => ({
    index: r.item_index as number,
    name: r.name as string,
    label: r.label as number,
    predicted: r.predicted as number | null,
    scores: parsed(z.array(z.number()), 'accuracy_items.scores_json', r.scores_json as string),
    inferences: r.inferences as number,
    outputCheck: r.output_check as AccuracyItem['outputCheck'],
    difference: parsedOrNull(
      AccuracyItem.shape.difference,
      'accuracy_items.difference_json',
      r.difference_json as string | null,
    ),
  }));
}
