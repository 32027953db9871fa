import { z } from 'zod';
import { fail, ok, type Result } from '../base/errors.ts';
import { Table, type StoreContext } from './context.ts';
import { parsed } from './rows.ts';

/** A layer that was measured to fit a cost model, with what the fit says of it. */
export interface CalibrationLayerRow {
  readonly kernel: string;
  readonly macs: number;
  readonly outputs: number;
  readonly bytes: number;
  readonly cycles: number;
  readonly predictedCycles: number;
}

export interface CalibrationKey {
  readonly board: string;
  readonly firmwareHash: string;
  readonly timingModel: string;
}

export interface StoredCalibration<M> {
  readonly id: number;
  readonly createdAt: string;
  readonly model: M;
}

/** Cost models by board, firmware and timing model. The model is kept as it is; predict/ checks it again on use. */
export class Calibrations {
  readonly #table: Table;

  constructor(context: StoreContext) {
    this.#table = new Table(context);
  }

  put<M extends CalibrationKey>(model: M, layers: readonly CalibrationLayerRow[]): Result<number> {
    const t = this.#table;
    return t.write(() => {
      const id = t.run(
        'INSERT INTO calibrations (board_id, firmware_hash, timing_model, created_at, model_json) VALUES (?, ?, ?, ?, ?)',
        model.board,
        model.firmwareHash,
        model.timingModel,
        t.context.nowIso(),
        JSON.stringify(model),
      );
      layers.forEach((l, i) =>
        t.run(
          `INSERT INTO calibration_layers (calibration_id, layer_index, kernel, macs, outputs, bytes, cycles, predicted_cycles)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
          id,
          i,
          l.kernel,
          l.macs,
          l.outputs,
          l.bytes,
          l.cycles,
          l.predictedCycles,
        ),
      );
      return id;
    });
  }

  /** The newest calibration for exactly this key, or null: coefficients of another firmware are no prediction. */
  latest<M extends CalibrationKey>(key: CalibrationKey): Result<StoredCalibration<M> | null> {
    return this.#table.read(() => {
      const r = this.#table.get(
        'SELECT * FROM calibrations WHERE board_id = ? AND firmware_hash = ? AND timing_model = ? ORDER BY id DESC LIMIT 1',
        key.board,
        key.firmwareHash,
        key.timingModel,
      );
      if (!r) return null;
      const model = parsed(
        z.looseObject({ board: z.string(), firmwareHash: z.string() }),
        'calibrations.model_json',
        r.model_json as string,
      );
      return { id: r.id as number, createdAt: r.created_at as string, model: model as unknown as M };
    });
  }

  /** `store.no-calibration`. */
  remove(id: number): Result<void> {
    const t = this.#table;
    const there = t.write(() => {
      const row = t.get('SELECT id FROM calibrations WHERE id = ?', id);
      t.run('DELETE FROM calibrations WHERE id = ?', id);
      return row !== undefined;
    });
    if (!there.ok) return there;
    return there.value
      ? ok()
      : fail(
          'store.no-calibration',
          { id },
          'The database has no calibration with this number.',
          'It was removed before.',
        );
  }

  layers(id: number): Result<CalibrationLayerRow[]> {
    return this.#table.read(() =>
      this.#table
        .all('SELECT * FROM calibration_layers WHERE calibration_id = ? ORDER BY layer_index', id)
        .map((r) => ({
          kernel: r.kernel as string,
          macs: r.macs as number,
          outputs: r.outputs as number,
          bytes: r.bytes as number,
          cycles: r.cycles as number,
          predictedCycles: r.predicted_cycles as number,
        })),
    );
  }
}
