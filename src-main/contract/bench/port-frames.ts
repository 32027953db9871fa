import { z } from 'zod';

/**
 * What passes a MessagePort between page and bench. A port says neither how much it holds nor (in older Chromium) that the
 * other end is gone, so the page acknowledges by count what it has taken, and both say when they close.
 */
export type PortFrame =
  | { readonly m: unknown }
  /** Messages taken since the last one of these. */
  | { readonly taken: number }
  | { readonly bye: true };

/** As a bench takes it from a page: `m` is parsed by whom it is for. */
export const PortFrame = z.union([
  z.strictObject({ m: z.unknown() }),
  z.strictObject({ taken: z.number().int().positive().max(1_000_000) }),
  z.strictObject({ bye: z.literal(true) }),
]);

const VALUE_BYTES = 16;

/** About what the structured clone of a message takes. Deep enough for any message of the contract. */
export function approximateBytes(value: unknown): number {
  if (typeof value === 'string') return VALUE_BYTES + value.length * 2;
  if (typeof value !== 'object' || value === null) return VALUE_BYTES;
  if (ArrayBuffer.isView(value)) return VALUE_BYTES + value.byteLength;
  let bytes = VALUE_BYTES;
  if (Array.isArray(value)) for (const item of value as unknown[]) bytes += approximateBytes(item);
  else for (const [key, item] of Object.entries(value)) bytes += key.length * 2 + approximateBytes(item);
  return bytes;
}
