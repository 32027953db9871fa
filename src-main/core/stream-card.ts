import { existsSync, readFileSync } from 'node:fs';
import { z } from 'zod';
import { fail, ok, type Result } from '../base/errors.ts';
import type { ImuRecipe } from '../engine/feature-recipe.ts';
import { imuAxes, unitsPerCount } from '../stream/source.ts';

const section = z.object({
  b: z.tuple([z.number(), z.number(), z.number()]),
  a: z.tuple([z.number(), z.number()]),
});

/** What happens to six axes before the model sees them. */
const ImuCard = z.object({
  sampleRateHz: z.number().positive().optional(),
  /** So much acceleration (g) and turn rate (°/s) is 1.0 for the model. */
  units: z
    .object({ accelerometerG: z.number().positive(), gyroscopeDps: z.number().positive() })
    .default({ accelerometerG: 1, gyroscopeDps: 1 }),
  /** Takes each window's own mean off every axis. */
  removeMean: z.boolean().default(false),
  /** Second-order sections that every axis passes, one after the other; a0 = 1. */
  filters: z.array(section).max(4).default([]),
});
export type ImuCard = z.infer<typeof ImuCard>;

const Card = z.object({ classes: z.array(z.string()).min(1).optional(), imu: ImuCard.optional() });
/** The data card beside a model, as far as streams read it. */
export type StreamCard = z.infer<typeof Card>;

/** `NAME.json` beside `NAME.tflite`; empty where there is none. */
export function readStreamCard(modelPath: string): Result<StreamCard> {
  const path = modelPath.replace(/\.tflite$/i, '.json');
  if (path === modelPath || !existsSync(path)) return ok({});
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(path, 'utf8'));
  } catch (e) {
    return badCard(path, e instanceof Error ? e.message : String(e));
  }
  // some other file of the same name
  if (typeof content !== 'object' || content === null || Array.isArray(content)) return ok({});
  const card = Card.safeParse(content);
  if (card.success) return ok(card.data);
  const { path: at, message } = card.error.issues[0]!;
  return badCard(path, `${at.join('.')}: ${message}`);
}

function badCard(path: string, problem: string) {
  return fail(
    'stream.bad-card',
    { path, problem },
    'The data card beside the model does not say classes or imu as docs/streams.md has them.',
    'Correct the card, or move it away.',
  );
}

const IMU_RATE_HZ = 50;

/** `rateHz`: as the user says it. Fails with `stream.card-rate` where the card says another. */
export function imuFeatures(card: ImuCard | undefined, rateHz: number | undefined): Result<ImuRecipe> {
  const own = card?.sampleRateHz;
  if (own !== undefined && rateHz !== undefined && own !== rateHz)
    return fail(
      'stream.card-rate',
      { cardSampleRateHz: own, rateHz },
      "The model's data card says another sample rate.",
      'Leave --rate out.',
    );
  return ok(harFeatures({ ...ImuCard.parse({}), ...card, sampleRateHz: own ?? rateHz ?? IMU_RATE_HZ }));
}

export function harFeatures(
  card: Omit<ImuCard, 'sampleRateHz'> & { readonly sampleRateHz: number },
): ImuRecipe {
  const { units, sampleRateHz, removeMean, filters } = card;
  return {
    kind: 'imu',
    sampleRateHz,
    channels: imuAxes.length,
    filters,
    removeMean,
    unitsPerCount: imuAxes.map(
      (_, axis) => unitsPerCount(axis) / (axis < 3 ? units.accelerometerG : units.gyroscopeDps),
    ),
  };
}
