import { z } from 'zod';

/** models/kws-syn.json: what the model is, what it was trained on and what it scores (docs/syn-kws.md). */
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const proportion = z.object({
  value: z.number().min(0).max(1),
  low: z.number().min(0).max(1),
  high: z.number().min(0).max(1),
  n: z.int().positive(),
  method: z.literal('wilson'),
});
const splitCard = z.object({ clips: z.int().positive(), sha256 });
const scores = z.object({ test: proportion, shifted: proportion });

export const kwsCardSchema = z.object({
  name: z.string(),
  file: z.string(),
  sha256,
  bytes: z.int().positive(),
  macs: z.int().positive(),
  classes: z.array(z.string()),
  input: z.object({
    encoding: z.literal('raw'),
    shape: z.array(z.int().positive()),
    scale: z.number().positive(),
    zeroPoint: z.int(),
    frontEnd: z.string(),
  }),
  dataset: z.object({
    name: z.literal('SYN-KWS'),
    synthetic: z.literal(true),
    generatorVersion: z.int().positive(),
    seed: z.int(),
    synthesiser: z.string(),
    splits: z.object({ train: splitCard, validation: splitCard, test: splitCard, shifted: splitCard }),
    /** Of the first clips of the test split: a quick check that a machine generates the same bytes. */
    probe: splitCard,
  }),
  training: z.object({
    backend: z.string(),
    recipe: z.record(z.string(), z.unknown()),
    /** The committed model's seed: the best of all by validation accuracy. */
    seed: z.int(),
    seeds: z.array(
      z.object({ seed: z.int(), float: z.number(), int8: z.number(), validationInt8: z.number() }),
    ),
  }),
  accuracy: z.object({ float: scores, int8: scores }),
  baselines: z.object({
    chance: z.number(),
    logisticRegression: proportion,
    nearestNeighbour: proportion,
  }),
  samples: z.object({ dir: z.string(), items: z.int().positive(), int8: proportion, sha256 }),
});

export type KwsCard = z.infer<typeof kwsCardSchema>;
