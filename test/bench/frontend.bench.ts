import { openFrontEnd } from '../../src-main/engine/frontend.ts';
import { needs } from '../needs.ts';
import { buildM0FrontEnd, runFrame } from './m0-frontend.ts';

export const name = 'frontend';

const CYCLES_LIMIT = 250_000;

/** MFCC of one frame: cycles on a Cortex-M0+ (rp2040js, zero-wait memory), time on this computer. */
export async function bench() {
  const frontEnd = await openFrontEnd();
  const second = Int16Array.from({ length: 16000 }, (_, i) => 9000 * Math.sin(i * i * 1e-5));
  const clips = 200;
  for (let i = 0; i < 20; i++) frontEnd.mfcc(second);
  const began = performance.now();
  for (let i = 0; i < clips; i++) frontEnd.mfcc(second);
  const figures: Record<string, number> = {
    'host, ms a second of audio': (performance.now() - began) / clips,
  };
  if (!needs.armGcc.met) return { figures, checks: [] };
  const m0 = buildM0FrontEnd();
  const { cycles, stackBytes } = runFrame(m0, second.subarray(0, 480));
  Object.assign(figures, {
    'M0+, cycles a frame': cycles,
    'M0+, stack bytes': stackBytes,
    'M0+, code and table bytes': m0.imageBytes,
  });
  return {
    figures,
    checks: [{ name: 'M0+ cycles a frame', value: cycles, limit: CYCLES_LIMIT, ok: cycles <= CYCLES_LIMIT }],
  };
}
