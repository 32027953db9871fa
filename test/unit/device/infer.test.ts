import { describe, expect, it } from 'vitest';
import { unwrapUs } from '../../../src-main/device/infer.ts';

describe('the 32-bit counter', () => {
  it("is unwrapped once by arithmetic and more often by the host's clock", () => {
    expect(unwrapUs(813234243, 815736002, 2_502_000)).toBe(2501759);
    expect(unwrapUs(0xffff_ff00, 0x100, 600)).toBe(0x200);
    const threeHours = 3 * 3600 * 1e6;
    expect(unwrapUs(1000, (1000 + threeHours) % 2 ** 32, threeHours + 40_000)).toBe(threeHours);
    expect(unwrapUs(5, 5, 0)).toBe(0);
  });

  it('does not invent a wrap when the host was slow to read', () => {
    expect(unwrapUs(0, 1_000_000, 1_000_000 + 30 * 60 * 1e6)).toBe(1_000_000);
  });
});
