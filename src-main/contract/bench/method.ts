import type { z } from 'zod';

/** What a method of the bench takes and gives. Both ends parse the input; the core's own answers are trusted. */
export interface MethodSpec<I extends z.ZodType = z.ZodType, O = unknown> {
  readonly input: I;
  /** Never set: carries the type of the answer. */
  readonly output?: O;
}

/** `method(schema)<Answer>()`. */
export function method<I extends z.ZodType>(input: I): <O>() => MethodSpec<I, O> {
  return () => ({ input });
}
