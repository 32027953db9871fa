import type { CountUnit, OpProfile } from '../contract/index.ts';
import type { Table } from './context.ts';

export function putProfile(table: Table, runId: number, p: OpProfile): void {
  table.run('DELETE FROM op_profiles WHERE run_id = ?', runId);
  table.run(
    'INSERT INTO op_profiles (run_id, total_cycles, clock_hz, arena_high_bytes, arena_bytes, unit) VALUES (?, ?, ?, ?, ?, ?)',
    runId,
    p.totalCycles,
    p.clockHz,
    p.arenaHighBytes,
    p.arenaBytes,
    p.unit ?? 'cycles',
  );
  for (const o of p.ops)
    table.run(
      'INSERT INTO op_cycles (run_id, op_index, kernel, name, macs, cycles) VALUES (?, ?, ?, ?, ?, ?)',
      runId,
      o.index,
      o.kernel,
      o.name,
      o.macs,
      o.cycles,
    );
}

export function profileOf(table: Table, runId: number): OpProfile | null {
  const p = table.get('SELECT * FROM op_profiles WHERE run_id = ?', runId);
  if (!p) return null;
  const ops = table.all('SELECT * FROM op_cycles WHERE run_id = ? ORDER BY op_index', runId);
  return {
    ops: ops.map((o) => ({
      index: o.op_index as number,
      kernel: o.kernel as string,
      name: o.name as string,
      macs: o.macs as number,
      cycles: o.cycles as number,
    })),
    totalCycles: p.total_cycles as number,
    unit: p.unit as CountUnit,
    clockHz: p.clock_hz as number,
    arenaHighBytes: p.arena_high_bytes as number | null,
    arenaBytes: p.arena_bytes as number,
  };
}
