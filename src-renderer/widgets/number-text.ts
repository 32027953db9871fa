/** A number as it was typed: its value, or what is wrong with it. */
export type TypedNumber =
  { readonly ok: true; readonly value: number | null } | { readonly ok: false; readonly problem: string };

export interface NumberLimits {
  readonly min?: number | undefined;
  readonly max?: number | undefined;
  readonly integer?: boolean | undefined;
  /** Empty means "none". */
  readonly optional?: boolean | undefined;
}

/** Takes `1.5`, `1,5`, `1e6` and spaces between digits; refuses what is not a number or outside the limits. */
export function readNumber(typed: string, { min, max, integer, optional }: NumberLimits): TypedNumber {
  const text = typed.replace(/[\s\u00a0\u202f]/g, '').replace('−', '-');
  if (text === '')
    return optional ? { ok: true, value: null } : { ok: false, problem: 'A number is needed here.' };
  const plain = /^[-+]?\d+,\d+$/.test(text) ? text.replace(',', '.') : text;
  const value = /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(plain) ? Number(plain) : NaN;
  if (!Number.isFinite(value)) return { ok: false, problem: 'Not a number.' };
  if (integer && !Number.isInteger(value)) return { ok: false, problem: 'A whole number is needed.' };
  if ((min !== undefined && value < min) || (max !== undefined && value > max))
    return { ok: false, problem: limitText(min, max) };
  return { ok: true, value };
}

function limitText(min: number | undefined, max: number | undefined): string {
  if (min !== undefined && max !== undefined) return `Between ${min} and ${max}.`;
  return min !== undefined ? `At least ${min}.` : `At most ${max}.`;
}
