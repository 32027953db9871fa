import type { Output } from './output.ts';

/** Options every command knows. */
export interface CommonOptions {
  readonly json?: boolean;
  readonly db?: string;
}

/** What a command gets besides its own options. */
export interface CommandContext {
  readonly output: Output;
  readonly db: string | null;
  /** Aborts on the first Ctrl-C; a second one ends the process at once. */
  readonly signal: AbortSignal;
}
