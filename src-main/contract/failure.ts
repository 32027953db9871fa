import { z } from 'zod';

export const FactValue = z.union([
  z.string(),
  z.number(),
  z.boolean(),
  z.null(),
  z.array(z.union([z.string(), z.number()])).readonly(),
]);

/** A failure as it travels: base/errors.ts without the `ok` mark. */
export const FailureDto = z.object({
  id: z.string(),
  facts: z.record(z.string(), FactValue),
  cause: z.string(),
  next: z.string(),
});
export type FailureDto = z.infer<typeof FailureDto>;
