import { z } from 'zod';
import type { FailureDto } from '../failure.ts';

/** From a page to the bench. Ids are the page's own. */
export const ClientMessage = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('request'),
    id: z.number().int().nonnegative(),
    method: z.string().max(64),
    input: z.unknown(),
  }),
  /** The answer is no longer wanted; it may still come. */
  z.object({ type: z.literal('cancel'), id: z.number().int().nonnegative() }),
  z.object({
    type: z.literal('subscribe'),
    id: z.number().int().nonnegative(),
    topic: z.string().max(64),
    input: z.unknown(),
  }),
  z.object({ type: z.literal('unsubscribe'), id: z.number().int().nonnegative() }),
]);
export type ClientMessage = z.infer<typeof ClientMessage>;

/** From the bench to a page. */
export type BenchMessage =
  | { readonly type: 'answer'; readonly id: number; readonly value: unknown }
  | { readonly type: 'failure'; readonly id: number; readonly failure: FailureDto }
  | { readonly type: 'event'; readonly id: number; readonly value: unknown };

/**
 * Messages both ways, in order, whole. What passes is what the structured clone of JSON values, typed arrays and
 * Uint8Arrays keeps: a MessagePort carries it as it is, a WebSocket through `encodeMessage`.
 */
export interface Channel {
  send(message: unknown): void;
  onMessage(listener: (message: unknown) => void): void;
  /** Called once, also when the other end is lost. */
  onClose(listener: () => void): void;
  close(): void;
}

/** The bench's end: it knows how far the page has come with reading, so that a page that does not read costs nothing. */
export interface PacedChannel extends Channel {
  /** Bytes that were sent and that the page has not taken yet. */
  readonly waitingBytes: number;
  /** Called whenever the page has taken something. */
  onProgress(listener: () => void): void;
}
