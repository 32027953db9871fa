import { fail, ok, type Result } from '../base/errors.ts';
import { wireBytes } from '../device/stream-codec.ts';
import type { FeatureRecipe } from '../engine/feature-recipe.ts';
import { rowElements, rowRateHz } from '../engine/stream-setup.ts';
import type { FrontEndPlace, SampleEncodingName } from './stream-session.ts';

/** What goes over the line, decided before the first sample. */
export interface LineChoice {
  readonly frontEnd: FrontEndPlace;
  readonly encoding: SampleEncodingName;
  /** Sample frames (rows, where the host makes the features) a block. */
  readonly blockFrames: number;
  readonly blockBytes: number;
  readonly lineBytesPerS: number;
  readonly lineCapacityBytesPerS: number | null;
  readonly reason: string;
}

export interface LineWish {
  readonly features: FeatureRecipe;
  /** Null: not a serial line, or its rate is unknown. */
  readonly baud: number | null;
  readonly frontEnd: FrontEndPlace | 'auto';
  readonly encoding?: SampleEncodingName;
}

/** Of the line's rate; the rest is for probes and for catching up after a pause. */
const USABLE = 0.8;
const BLOCK_S = 0.02;
const MOST_BLOCK_BYTES = 1024;

interface Candidate {
  readonly frontEnd: FrontEndPlace;
  readonly encoding: SampleEncodingName;
  readonly bytesEach: number;
  readonly framesPerS: number;
}

function candidates(features: FeatureRecipe): Candidate[] {
  const channels = features.kind === 'imu' ? features.channels : 1;
  const device = { frontEnd: 'device', framesPerS: features.sampleRateHz } as const;
  return [
    { ...device, encoding: 'int16', bytesEach: 2 * channels },
    ...(features.kind === 'imu' ? [] : [{ ...device, encoding: 'mu-law', bytesEach: 1 } as const]),
    {
      frontEnd: 'host',
      encoding: 'features',
      bytesEach: rowElements(features),
      framesPerS: rowRateHz(features),
    },
  ];
}

function sized(c: Candidate): { blockFrames: number; blockBytes: number; lineBytesPerS: number } {
  const blockFrames = Math.max(
    1,
    Math.min(Math.floor(c.framesPerS * BLOCK_S), Math.floor(MOST_BLOCK_BYTES / c.bytesEach)),
  );
  const blockBytes = blockFrames * c.bytesEach;
  return { blockFrames, blockBytes, lineBytesPerS: (c.framesPerS / blockFrames) * wireBytes(blockBytes) };
}

/** The first that fits of: int16, µ-law, features made on the host. Fails with `stream.line-too-slow`. */
export function chooseLine(wish: LineWish): Result<LineChoice> {
  const capacity = wish.baud === null ? null : wish.baud / 10;
  const wanted = candidates(wish.features).filter(
    (c) =>
      (wish.frontEnd === 'auto' || c.frontEnd === wish.frontEnd) &&
      (wish.encoding === undefined || c.encoding === wish.encoding),
  );
  const tooSlow: string[] = [];
  for (const c of wanted) {
    const size = sized(c);
    const percent = capacity === null ? 0 : (100 * size.lineBytesPerS) / capacity;
    if (capacity !== null && size.lineBytesPerS > USABLE * capacity) {
      tooSlow.push(`${c.encoding} would take ${percent.toFixed(0)} %`);
      continue;
    }
    const use =
      capacity === null ? 'the line has no rate' : `takes ${percent.toFixed(0)} % of ${wish.baud} baud`;
    const reason = [`${c.encoding}, front end on the ${c.frontEnd}: ${use}`, ...tooSlow].join('; ');
    const { frontEnd, encoding } = c;
    return ok({ frontEnd, encoding, ...size, lineCapacityBytesPerS: capacity, reason });
  }
  return fail(
    'stream.line-too-slow',
    { baud: wish.baud, options: tooSlow },
    wanted.length === 0
      ? 'No encoding fits what was asked for.'
      : 'The line cannot carry the samples in time.',
    'Raise the line rate, or let the host make the features.',
  );
}
