/** What the RP2040's loader makes of a UF2 (data sheet 2.8.4.2): images for flash and for RAM, and erratum E14. */
import { describe, expect, it } from 'vitest';
import { orThrow } from '../../../../src-main/base/errors.ts';
import { readUf2, readUf2Image } from '../../../../src-main/sim/pico/uf2.ts';
import { openSimulatedBench } from '../../../../src-main/sim/simulated-bench.ts';
import { prebuiltImage } from '../../../images/build.ts';

const FAMILY = 0xe48b_ff56;
const FLASH_BYTES = 2 * 1024 * 1024;

/** One block for each address, numbered in order. */
function blocks(...addresses: number[]): Uint8Array {
  const file = new Uint8Array(addresses.length * 512);
  const view = new DataView(file.buffer);
  addresses.forEach((address, n) => {
    const words = [0x0a32_4655, 0x9e5d_5157, 0x2000, address, 256, n, addresses.length, FAMILY];
    words.forEach((w, i) => view.setUint32(n * 512 + 4 * i, w, true));
    file.fill(n + 1, n * 512 + 32, n * 512 + 288);
    view.setUint32(n * 512 + 508, 0x0ab1_6f30, true);
  });
  return file;
}

const problemOf = (file: Uint8Array) => {
  const r = readUf2Image(file, FLASH_BYTES);
  return r.ok ? null : r.facts.problem;
};

describe('a UF2', () => {
  it('is for RAM when its first block is; addresses need no alignment there', () => {
    const image = orThrow(readUf2Image(blocks(0x2000_0101, 0x2000_0201), FLASH_BYTES));
    expect(image).toMatchObject({
      kind: 'ram',
      pages: [{ address: 0x2000_0101 }, { address: 0x2000_0201 }],
    });
    expect(image.pages[1]!.bytes[0]).toBe(2);
  });

  it('is not for both, nor beyond the end of SRAM, nor for cache RAM here', () => {
    expect(problemOf(blocks(0x2000_0000, 0x1000_0000))).toContain('mixed');
    expect(problemOf(blocks(0x1000_0000, 0x2000_0000))).toContain('mixed');
    expect(problemOf(blocks(0x2004_1f00))).toBeNull();
    expect(problemOf(blocks(0x2004_1f01))).toContain('not in flash or SRAM');
    expect(problemOf(blocks(0x1500_0000))).toContain('cache RAM');
  });

  it('for RAM is refused where only flash will do', () => {
    expect(readUf2(blocks(0x2000_0000), FLASH_BYTES)).toMatchObject({ ok: false, id: 'programmer.bad-uf2' });
  });

  it('whose sectors but the last are filled in part is named (RP2040-E14)', () => {
    const sparse = (...addresses: number[]) => {
      const image = orThrow(readUf2Image(blocks(...addresses), FLASH_BYTES));
      return image.kind === 'flash' && image.sparseSectors;
    };
    const sector = Array.from({ length: 16 }, (_, i) => 0x1000_0000 + 256 * i);
    expect(sparse(...sector, 0x1000_1000)).toEqual([]);
    expect(sparse(...sector.slice(1), 0x1000_1000)).toEqual([0x1000_0000]);
    expect(sparse(0x1000_3000, 0x1000_1000, 0x1000_0000)).toEqual([0x1000_0000, 0x1000_1000]);
  });
});

describe('a bench', () => {
  it('notes sparse sectors, starts images for RAM, and cannot where there is no power', async () => {
    await using bench = orThrow(await openSimulatedBench({ seed: 1, monitor: 'none', inProcess: true }));
    orThrow(await bench.programmer.program(blocks(0x1000_0000, 0x1000_1000)));
    expect(bench.diagnoses).toMatchObject([
      { id: 'sim.diagnosis.uf2-sparse-sector', facts: { sectors: [0x1000_0000] } },
    ]);
    orThrow(await bench.programmer.program(prebuiltImage('ram-only')));
    const heard = await bench.dut.read({ deadlineUs: 100_000, until: 10 });
    expect(heard.kind === 'bytes' && new TextDecoder().decode(heard.bytes)).toBe('hello from ram\n');
    await using unpowered = orThrow(await openSimulatedBench({ seed: 1, monitor: 'ppk2', inProcess: true }));
    expect(await unpowered.programmer.program(prebuiltImage('ram-only'))).toMatchObject({
      ok: false,
      id: 'programmer.no-power',
    });
  });

  it('carries both UARTs, each at the rate of the board when told to follow it', async () => {
    await using bench = orThrow(await openSimulatedBench({ seed: 1, monitor: 'none', inProcess: true }));
    orThrow(await bench.dut.setBaud(1_000_000));
    bench.followBoardRate();
    orThrow(await bench.programmer.program(prebuiltImage('ram-only')));
    const second = await bench.uart1.read({ deadlineUs: 100_000, until: 10 });
    expect(second.kind === 'bytes' && new TextDecoder().decode(second.bytes)).toBe('second uart\n');
    expect(bench.diagnoses).toEqual([]);
  });
});
