import type { Prediction } from '../contract/index.ts';
import { Quantity } from '../contract/index.ts';
import type { Table } from './context.ts';
import { jsonOrNull, parsedOrNull } from './rows.ts';

export function putPrediction(table: Table, runId: number, p: Prediction): void {
  table.run('DELETE FROM predictions WHERE run_id = ?', runId);
  table.run(
    'INSERT INTO predictions (run_id, basis, latency_json, energy_json) VALUES (?, ?, ?, ?)',
    runId,
    p.basis,
    jsonOrNull(p.latency),
    jsonOrNull(p.energy),
  );
  for (const o of p.ops)
    table.run(
      'INSERT INTO predicted_ops (run_id, op_index, kernel, cycles) VALUES (?, ?, ?, ?)',
      runId,
      o.index,
      o.kernel,
      o.cycles,
    );
}

export function predictionOf(table: Table, runId: number): Prediction | null {
  const p = table.get('SELECT * FROM predictions WHERE run_id = ?', runId);
  if (!p) return null;
  const ops = table.all('SELECT * FROM predicted_ops WHERE run_id = ? ORDER BY op_index', runId);
  return {
    latency: parsedOrNull(Quantity, 'predictions.latency_json', p.latency_json as string | null),
    energy: parsedOrNull(Quantity, 'predictions.energy_json', p.energy_json as string | null),
    ops: ops.map((o) => ({
      index: o.op_index as number,
      kernel: o.kernel as string,
      cycles: o.cycles as number,
    })),
    basis: p.basis as string,
  };
}
