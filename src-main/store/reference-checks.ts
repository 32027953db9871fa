import type { Result } from '../base/errors.ts';
import type { ReferenceCheck } from '../contract/index.ts';
import { Table, type StoreContext } from './context.ts';

/** Which Programs were compared with TensorFlow Lite Micro; a Program without a row is "not checked". */
export class ReferenceChecks {
  readonly #table: Table;

  constructor(context: StoreContext) {
    this.#table = new Table(context);
  }

  put(check: ReferenceCheck): Result<void> {
    const at = this.#table.context.nowIso();
    return this.#table.write(() => {
      this.#table.run(
        `INSERT INTO reference_checks (program_hash, tflm_version, inputs, record, checked_at) VALUES (?, ?, ?, ?, ?)
         ON CONFLICT (program_hash, tflm_version) DO UPDATE
         SET inputs = excluded.inputs, record = excluded.record, checked_at = excluded.checked_at`,
        check.programHash,
        check.tflmVersion,
        check.inputs,
        check.record,
        at,
      );
    });
  }

  /** The latest record of a Program, or null. */
  of(programHash: string): Result<ReferenceCheck | null> {
    return this.#table.read(() => {
      const r = this.#table.get(
        'SELECT * FROM reference_checks WHERE program_hash = ? ORDER BY checked_at DESC, tflm_version DESC LIMIT 1',
        programHash,
      );
      if (!r) return null;
      const { program_hash, tflm_version, inputs, record } = r;
      return {
        programHash: program_hash as string,
        tflmVersion: tflm_version as string,
        inputs: inputs as number,
        record: record as string,
      };
    });
  }
}
