import { describe, expect, it } from 'vitest';
import { Rng } from '../../../../src-main/base/rng.ts';
import { EmulatedPico } from '../../../../src-main/sim/pico/emulated-pico.ts';
import { code, fullSpeed, read, release, scriptImage, startUart, write, type Step } from './script-image.ts';

const BASES = [
  ...Array.from({ length: 28 }, (_, i) => 0x4000_0000 + i * 0x4000),
  0xd000_0000, 0xe000_e000, 0x1800_0000, 0x1400_0000, 0x5000_0000, 0x5010_0000, 0x1000_0000, 0x2000_0000, 0x2100_0000,
  0x1500_0000, 0x0000_0000, 0xffff_f000, 0x1100_0000, 0x1200_0000, 0x1300_0000, 0x5011_0000, 0x5040_0000, 0x2004_1000,
  0x10ff_f000,
]; // prettier-ignore

function address(rng: Rng): number {
  const alias = rng.int(0, 3) === 0 ? rng.int(0, 3) * 0x1000 : 0;
  const offset = rng.int(0, 1) ? rng.int(0, 0x30) * 4 : rng.int(0, 0xfff);
  return (rng.pick(BASES) + alias + offset) >>> 0;
}

function randomStep(rng: Rng): Step {
  const kind = rng.int(0, 9);
  if (kind < 6)
    return write(address(rng), rng.pick([rng.u32(), 0, 1, 0xffff_ffff, 1 << rng.int(0, 31)]) >>> 0);
  if (kind < 9) return read(address(rng), rng.int(0, 63));
  return code(...Array.from({ length: rng.int(1, 6) }, () => rng.u32() & 0xffff));
}

/** A strict chip ends most random programs soon; blocks that were released first let them get further. */
function randomProgram(rng: Rng): Step[] {
  const start =
    rng.int(0, 3) === 0
      ? []
      : [...fullSpeed, ...startUart(4340), ...[5, 6, 8, 9, 18, 19, 21, 23].flatMap(release)];
  return [...start, ...Array.from({ length: rng.int(1, 60) }, () => randomStep(rng))];
}

describe('random programs on the whole chip', () => {
  it('end in silence or with a named fault, never with an exception of the host, and time goes on', () => {
    const rng = new Rng(77);
    const faults = new Map<string, number>();
    const pico = new EmulatedPico();
    let us = 0;
    for (let n = 0; n < 1_500; n++) {
      pico.setPower(false, us);
      pico.program(scriptImage(randomProgram(rng)));
      pico.setPower(true, us);
      us += 12_000;
      pico.advanceTo(us);
      const id = pico.failure?.id ?? 'none';
      faults.set(id, (faults.get(id) ?? 0) + 1);
      if (pico.failure) expect(id).toMatch(/^sim\.fault\.[a-z0-9-]+$/);
      else expect(pico.timeUs).toBeGreaterThanOrEqual(us);
    }
    // the fuzz reaches many different ends, and things silicon would let pass
    expect(faults.size).toBeGreaterThanOrEqual(6);
    expect(pico.diagnoses.list.length).toBeGreaterThanOrEqual(2);
    for (const d of pico.diagnoses.list) expect(d.id).toMatch(/^sim\.diagnosis\.[a-z0-9-]+$/);
  });
});
