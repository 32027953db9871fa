import { describe, expect, it } from 'vitest';
import { checkBootRom } from '../../../../scripts/build-boot-rom.ts';

describe('boot-rom.bin', () => {
  it('belongs to its sources, and a fresh build is the same byte for byte where the compiler is the recorded one', () => {
    expect(checkBootRom().problems).toEqual([]);
  });
});
