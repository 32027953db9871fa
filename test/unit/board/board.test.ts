import { expect, it } from 'vitest';
import { coreIds, onCore } from '../../../src-main/board/board.ts';
import { pico } from '../../../src-main/board/pico.ts';

it('the RP2040 is a Cortex-M0+ with the one-cycle multiplier', () => {
  expect(pico.core).toEqual({ id: 'm0plus', name: 'cortex-m0plus', features: ['muls-1-cycle'] });
});

it.each(coreIds)('a board on core %s keeps its memories', (id) => {
  const other = onCore(pico, id);
  expect(other.core.id).toBe(id);
  expect({ ...other, core: pico.core }).toEqual(pico);
});
