import type { z } from 'zod';

/** A row that does not hold what its column should; thrown inside this folder only, `guarded` makes it a failure. */
export class RowError extends Error {
  override readonly name = 'RowError';
  readonly column: string;
  constructor(column: string, message: string) {
    super(message);
    this.column = column;
  }
}

/** A *_json column, checked against the contract. */
export function parsed<S extends z.ZodType>(schema: S, column: string, text: string): z.output<S> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (e) {
    throw new RowError(column, (e as Error).message);
  }
  const result = schema.safeParse(value);
  if (!result.success) throw new RowError(column, result.error.issues[0]!.message);
  return result.data;
}

export function parsedOrNull<S extends z.ZodType>(
  schema: S,
  column: string,
  text: string | null,
): z.output<S> | null {
  return text === null ? null : parsed(schema, column, text);
}

export function jsonOrNull(value: unknown): string | null {
  return value === null ? null : JSON.stringify(value);
}
