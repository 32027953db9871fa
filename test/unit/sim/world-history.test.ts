import { expect, it } from 'vitest';
import { orThrow } from '../../../src-main/base/errors.ts';
import { FLASH_BYTES } from '../../../src-main/sim/pico/core/core.ts';
import { readUf2 } from '../../../src-main/sim/pico/uf2.ts';
import { World } from '../../../src-main/sim/world.ts';
import { tinyImage } from './firmware-image.ts';

it('a world that runs for long keeps the exact current of its last second only, and that in full', () => {
  const pages = orThrow(readUf2(tinyImage().uf2, FLASH_BYTES));
  const charges = [undefined, 1_000_000].map((historyUs) => {
    const world = new World({ seed: 1, monitor: 'none', ...(historyUs ? { historyUs } : {}) });
    world.program(pages);
    for (let ms = 10; ms <= 6_000; ms += 10) {
      if (ms % 1_000 === 0) world.write('dut', Buffer.from('name%'));
      world.advance({ deadlineUs: ms * 1000, watches: [] });
    }
    return { boot: world.chargeC(0, 500_000), last: world.chargeC(5_000_000, 6_000_000) };
  });
  const [all, lately] = charges as [(typeof charges)[0], (typeof charges)[0]];
  expect(all.boot).toBeGreaterThan(0);
  expect(lately.boot).toBe(0);
  expect(lately.last).toBe(all.last);
});
