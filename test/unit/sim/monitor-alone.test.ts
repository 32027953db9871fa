import { describe, expect, it } from 'vitest';
import { orThrow } from '../../../src-main/base/errors.ts';
import { memoryLinkPair } from '../../../src-main/link/memory.ts';
import { createLoadPlayer } from '../../../src-main/sim/monitors/load-file.ts';
import { serveTwin } from '../../../src-main/sim/monitors/alone.ts';
import { createPpk2Twin } from '../../../src-main/sim/monitors/ppk2-twin.ts';

function alone(pace: 'real' | 'free') {
  const { near, far, clock } = memoryLinkPair();
  const twin = createPpk2Twin();
  const load = createLoadPlayer([{ timeUs: 0, currentA: 0.01, logic: 1 }], { repeat: false });
  load.connect(twin);
  const served = serveTwin({ wire: far, twin, load, pace, clock, untilUs: 5_000_000 });
  return { near, served };
}

async function readFor(near: ReturnType<typeof alone>['near'], us: number): Promise<Uint8Array> {
  const untilUs = near.clock.nowUs() + us;
  const parts: Uint8Array[] = [];
  while (near.clock.nowUs() < untilUs) {
    const read = await near.read({ deadlineUs: untilUs });
    if (read.kind !== 'bytes') break;
    parts.push(read.bytes);
  }
  return Buffer.concat(parts);
}

describe('an emulated PPK2 without a board', () => {
  it('in real pace sends 100 000 samples a second of its clock, and what it plays', async () => {
    const { near, served } = alone('real');
    await near.clock.sleepUntilUs(300_000);
    orThrow(await near.write(Uint8Array.of(0x06)));
    const got = await readFor(near, 100_000);
    expect(Math.abs(got.length / 4 - 10_000)).toBeLessThanOrEqual(200);
    expect(got[3]).toBe(1);
    orThrow(await near.write(Uint8Array.of(0x07)));
    await readFor(near, 10_000);
    expect((await readFor(near, 50_000)).length).toBe(0);
    await near[Symbol.asyncDispose]();
    await served;
  });

  it('in free pace sends up to its end and then still answers', async () => {
    const { near, served } = alone('free');
    orThrow(await near.write(Uint8Array.of(0x06)));
    let bytes = 0;
    while (bytes < 2_000_000) {
      const read = await near.read({ deadlineUs: near.clock.nowUs() + 1000 });
      if (read.kind === 'bytes') bytes += read.bytes.length;
    }
    expect(bytes).toBe(2_000_000);
    orThrow(await near.write(Uint8Array.of(0x07, 0x19)));
    expect(new TextDecoder().decode(await readFor(near, 1000))).toContain('END');
    await near[Symbol.asyncDispose]();
    await served;
  });
});
