import { z } from 'zod';
import { method } from './method.ts';

/** A model that the bench knows. Pages name it by its token. */
export interface ModelEntry {
  readonly token: string;
  readonly name: string;
  readonly sha256: string;
  readonly fileBytes: number;
  readonly origin: 'shipped' | 'added';
  /** Comes with labelled inputs: accuracy can be measured. */
  readonly hasData: boolean;
}

/** Largest `.tflite` a page may hand over. */
export const MAX_MODEL_BYTES = 16 * 1024 * 1024;

export const modelMethods = {
  'models.list': method(z.object({}))<ModelEntry[]>(),
  /** Keeps a copy with the bench's files; the same bytes again give the same token. `model.…` when it cannot be read. */
  'models.add': method(
    z.object({
      name: z.string().min(1).max(200),
      bytes: z.custom<Uint8Array>((v) => v instanceof Uint8Array && v.length <= MAX_MODEL_BYTES),
    }),
  )<ModelEntry>(),
};
