import { fail, type Failure, type Result } from '../base/errors.ts';
import { sqliteCondition, sqliteFacts } from './sqlite-failure.ts';

/** What SQLite refused of a trace file, in the words of traces. Anything else is a bug and thrown. */
export function traceFailure(error: unknown, path: string): Failure {
  const condition = schemaIsDamaged(error) ? 'corrupt' : sqliteCondition(path, error);
  const { sqlite, message } = sqliteFacts(error);
  const facts = { path, code: sqlite, reason: message };
  switch (condition) {
    case 'full':
      return fail(
        'trace.disk-full',
        facts,
        'The disk or the size limit of this trace is full; what was committed stays readable.',
        'Free space, or record to another disk.',
      );
    case 'locked':
      return fail(
        'trace.locked',
        facts,
        'Another program holds the trace file locked.',
        'Close that program and repeat.',
      );
    case 'corrupt':
      return fail('trace.file-corrupt', facts, 'The file’s structure is damaged.', 'Restore it from a copy.');
    case 'no-database':
      return notATrace(path);
    case 'read-only':
    case 'cannot-open':
    case 'io':
      return fail(
        'trace.write-failed',
        facts,
        'The file or its folder cannot be read or written.',
        'Check the path, the disk and the permissions of the folder.',
      );
  }
}

/** Our statements fit the schema we write: where SQLite cannot compile them, the file's own text of it was changed. */
function schemaIsDamaged(error: unknown): boolean {
  return sqliteFacts(error).sqlite === 'SQLITE_ERROR' && /no such|malformed/.test(sqliteFacts(error).message);
}

export function notATrace(path: string): Failure {
  return fail(
    'trace.not-a-trace',
    { path },
    'This is a file of another program, or no trace of ours.',
    'Choose a file that Microjoule recorded.',
  );
}

export function damagedRow(path: string, table: string): Failure {
  return fail(
    'trace.damaged-row',
    { path, table },
    'A row does not match its CRC-32C: the file was changed or the disk returned other bytes.',
    'Restore the file from a copy; what does not need this table can still be read.',
  );
}

/** Runs a piece of SQL; what SQLite refuses becomes a failure. */
export function guardedTrace<T>(path: string, body: () => Result<T>): Result<T> {
  try {
    return body();
  } catch (error) {
    return traceFailure(error, path);
  }
}
