import { describe, expect, it } from 'vitest';
import { checkCore } from '../../../../scripts/build-core-wasm.ts';

describe('core.wasm', () => {
  it('belongs to its sources, and a fresh build is the same byte for byte where the compiler is the recorded one', () => {
    expect(checkCore().problems).toEqual([]);
  });
});
