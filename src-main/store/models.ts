import type { RunPlan } from '../contract/index.ts';
import type { Table } from './context.ts';

/** Models by their hash; the name and path are those of the first run. Call inside a transaction. */
export function modelRow(table: Table, model: RunPlan['model'], at: string): void {
  table.run(
    'INSERT INTO models (sha256, name, path, first_seen) VALUES (?, ?, ?, ?) ON CONFLICT (sha256) DO NOTHING',
    model.sha256,
    model.name,
    model.path,
    at,
  );
}

export function programRow(table: Table, programHash: string, modelSha256: string, at: string): number {
  const row = table.get(
    `INSERT INTO programs (program_hash, model_sha256, first_seen) VALUES (?, ?, ?)
     ON CONFLICT (program_hash, model_sha256) DO UPDATE SET first_seen = first_seen RETURNING id`,
    programHash,
    modelSha256,
    at,
  );
  return row!.id as number;
}
