/**
 * The XIP cache against counts made by hand: 16 KiB, two ways, lines of two words, so 1024 sets and 8 KiB between
 * addresses of one set (RP2040 data sheet 2.6.3.1). A word from the flash chip costs 50 cycles here: EBh at SCKDV 2,
 * 20 SCK of 2 cycles and 10 of overhead. Code in SRAM costs nothing but its instructions, so cycles are
 * Σ TRM table 3-1 + 50 · misses throughout.
 */
import { describe, expect, it } from 'vitest';
import { CPU, EXIT } from '../../../../src-main/sim/pico/core/cpu-state.ts';
import type { CoreBus } from '../../../../src-main/sim/pico/core/core.ts';
import { BareCore, BKPT, CODE, NOP } from './bare-core.ts';
import { ScriptedPico } from './scripted-pico.ts';
import { code, fullSpeed, plainBoot2, read, scriptImage, write, type Step } from './script-image.ts';
import { EmulatedPico } from '../../../../src-main/sim/pico/emulated-pico.ts';

const FLASH = 0x1000_0000;
const MISS = 50;
const WAY_BYTES = 0x2000;

interface Counted {
  readonly accesses: number;
  readonly hits: number;
  readonly cycles: number;
}

/** A core whose flash is readable through the cache, and what one run to BKPT costs. */
class CachedCore extends BareCore {
  readonly stale: number[] = [];

  constructor() {
    const stale: number[] = [];
    const bus: CoreBus = {
      read: () => 0,
      write: () => undefined,
      refuseFetch: () => undefined,
      staleCache: (address) => stale.push(address),
    };
    super({ bus });
    this.stale = stale;
    this.state[CPU.xipBytes] = this.core.flash.length;
    this.state[CPU.missCycles] = MISS;
  }

  flash(halfwords: readonly number[], address = FLASH): this {
    this.core.flash.set(new Uint8Array(Uint16Array.from(halfwords).buffer), address - FLASH);
    this.core.forgetAll();
    return this;
  }

  /** From `pc` to BKPT; the BKPT's fetch counts, its cycle does not. */
  count(pc: number): Counted {
    const before = this.core.xipAccesses;
    const cycles = this.cycles;
    this.state[15] = pc;
    this.state[CPU.fetched] = 0;
    this.runToBkpt(10_000_000);
    const after = this.core.xipAccesses;
    return {
      accesses: after.all - before.all,
      hits: after.hits - before.hits,
      cycles: this.cycles - cycles,
    };
  }

  /** Loads the words at `addresses` in order, by code in SRAM. */
  loads(...addresses: number[]): Counted {
    // ldr r0, [pc, #n]; ldr r1, [r0] for each; bkpt; literals
    const body = addresses.length * 2 + 2;
    const words = addresses.map((_, i) => body / 2 + i - Math.floor((2 * i + 2) / 2));
    const program = addresses.flatMap((_, i) => [0x4800 | words[i]!, 0x6801]);
    this.put([...program, BKPT, NOP, ...addresses.flatMap((a) => [a & 0xffff, a >>> 16])]);
    return this.count(CODE);
  }
}

describe('code in flash', () => {
  it('runs straight on: one access a word of two instructions, all missed once, then all hit', () => {
    const core = new CachedCore().flash([...Array<number>(16).fill(NOP), BKPT]);
    // 17 halfwords lie in 9 words; 16 NOPs of 1 cycle
    expect(core.count(FLASH)).toEqual({ accesses: 9, hits: 0, cycles: 16 + 9 * MISS });
    expect(core.count(FLASH)).toEqual({ accesses: 9, hits: 9, cycles: 16 });
  });

  it('loops: each taken branch fetches its target’s word again', () => {
    // movs r0, #10; loop: subs r0, #1 | bne loop; bkpt — the loop begins in the second half of word 0
    const core = new CachedCore().flash([0x200a, 0x3801, 0xd1fd, BKPT]);
    // words 0 and 1 once; then for each of 9 taken branches word 0 and word 1: 2 + 9 · 2 = 20, of which 2 missed.
    // movs 1, subs 10 · 1, bne 9 · 2 + 1
    expect(core.count(FLASH)).toEqual({ accesses: 20, hits: 18, cycles: 1 + 10 + 19 + 2 * MISS });
  });

  it('a wide instruction over two words needs both before it runs', () => {
    // nop; dsb (second half in word 1), nop; bkpt
    const core = new CachedCore().flash([NOP, 0xf3bf, 0x8f4f, NOP, BKPT]);
    // words 0, 1, 2 in order; nop 1, dsb 3, nop 1
    expect(core.count(FLASH)).toEqual({ accesses: 3, hits: 0, cycles: 5 + 3 * MISS });
  });

  it('enters a word in its middle without its first instruction', () => {
    const core = new CachedCore().flash([BKPT, NOP, NOP, BKPT]);
    expect(core.count(FLASH + 2)).toEqual({ accesses: 2, hits: 0, cycles: 2 + 2 * MISS });
  });

  it('and literals of it share the words: a pool in a line that code already brought in half', () => {
    // ldr r0, [pc, #0] | bkpt → the literal is word 1 of the same line: still its own miss (valid bits are per word)
    const core = new CachedCore().flash([0x4800, BKPT, 0x5678, 0x1234]);
    expect(core.count(FLASH)).toEqual({ accesses: 2, hits: 0, cycles: 2 + 2 * MISS });
    expect(core.r(0)).toBe(0x1234_5678);
  });
});

describe('data in flash', () => {
  /** `count` words, `stride` bytes apart, by a loop in SRAM: ldr 2, adds 1, subs 1, bne 2 (the last 1). */
  function strided(core: CachedCore, count: number, stride: number): Counted {
    core.put([0x6802, 0x18c0, 0x3901, 0xd1fb, BKPT]);
    core.state[0] = FLASH;
    core.state[1] = count;
    core.state[3] = stride;
    return core.count(CODE);
  }
  const loop = (n: number) => 6 * n - 1;

  it('read word by word: no word is fetched for its neighbour', () => {
    const core = new CachedCore();
    expect(strided(core, 100, 4)).toEqual({ accesses: 100, hits: 0, cycles: loop(100) + 100 * MISS });
    expect(strided(core, 100, 4)).toEqual({ accesses: 100, hits: 100, cycles: loop(100) });
  });

  it('2048 lines, one word each, fill both ways and stay', () => {
    const core = new CachedCore();
    expect(strided(core, 2048, 8).hits).toBe(0);
    expect(strided(core, 2048, 8)).toEqual({ accesses: 2048, hits: 2048, cycles: loop(2048) });
    // the other words of the same lines were never brought in
    core.state[0] = FLASH + 4;
    core.put([0x6802, 0x18c0, 0x3901, 0xd1fb, BKPT]);
    core.state[1] = 2048;
    core.state[3] = 8;
    expect(core.count(CODE).hits).toBe(0);
  });

  it('3072 lines are three for each set: in a circle the oldest is always the next wanted, and all miss', () => {
    const core = new CachedCore();
    strided(core, 3072, 8);
    expect(strided(core, 3072, 8)).toEqual({ accesses: 3072, hits: 0, cycles: loop(3072) + 3072 * MISS });
  });

  it('a stride of one way puts every word into one set: two stay, the third drives the first out', () => {
    const [a, b, c] = [FLASH, FLASH + WAY_BYTES, FLASH + 2 * WAY_BYTES];
    const core = new CachedCore();
    // ping-pong over two ways: a miss, b miss, then hits; each pair is two LDRs of 2 cycles
    expect(core.loads(a, b, a, b, a, b)).toEqual({ accesses: 6, hits: 4, cycles: 24 + 2 * MISS });
    // c evicts a (b was used last), a evicts b, b evicts c, and so on
    expect(core.loads(c, a, b, c, a, b)).toEqual({ accesses: 6, hits: 0, cycles: 24 + 6 * MISS });
    // b was just used, then c evicts a: b is still there
    expect(core.loads(c, b)).toEqual({ accesses: 2, hits: 1, cycles: 8 + MISS });
  });

  it('a line replaced loses both words, a line completed loses none', () => {
    const [a, b, c] = [FLASH, FLASH + WAY_BYTES, FLASH + 2 * WAY_BYTES];
    const core = new CachedCore();
    expect(core.loads(a, a + 4, b, a, a + 4).hits).toBe(2);
    expect(core.loads(c).hits).toBe(0); // replaces b, used before a
    expect(core.loads(a, a + 4).hits).toBe(2);
    expect(core.loads(b + 4).hits).toBe(0); // replaces c
    expect(core.loads(c + 4).hits).toBe(0); // replaces a, both words
    expect(core.loads(a + 4).hits).toBe(0);
  });

  it('bytes and halfwords are accesses of their word', () => {
    const core = new CachedCore();
    // ldrb r1, [r0]; ldrb r1, [r0, #3]; ldrh r1, [r0, #2]; ldrb r1, [r0, #4]
    core.put([0x7801, 0x78c1, 0x8841, 0x7901, BKPT]);
    core.state[0] = FLASH;
    expect(core.count(CODE)).toEqual({ accesses: 4, hits: 2, cycles: 8 + 2 * MISS });
  });

  it('LDM is one access a word', () => {
    const core = new CachedCore().put([0xc81e, BKPT]); // ldm r0!, {r1-r4}
    core.state[0] = FLASH + 4;
    expect(core.count(CODE)).toEqual({ accesses: 4, hits: 0, cycles: 5 + 4 * MISS });
  });
});

describe('code and data in one set', () => {
  // one line of code: ldr r1, [r2]; ldr r1, [r3] | subs r0, #1; bne .-6 — then bkpt in the next line, another set
  const program = [0x6811, 0x6819, 0x3801, 0xd1fb, BKPT];
  const N = 20;
  const instructions = 7 * N - 1;

  it('with one line of data both stay: 4 misses and that of the end', () => {
    const core = new CachedCore().flash(program);
    core.state[0] = N;
    core.state[2] = core.state[3] = FLASH + WAY_BYTES;
    // a round is word 0, the datum twice, word 1; cold: word 0, datum, word 1, and at the end the line of BKPT
    expect(core.count(FLASH)).toEqual({
      accesses: 4 * N + 1,
      hits: 4 * N + 1 - 4,
      cycles: instructions + 4 * MISS,
    });
  });

  it('with two lines of data three lines fight for two ways: nothing ever hits', () => {
    const core = new CachedCore().flash(program);
    core.state[0] = N;
    core.state[2] = FLASH + WAY_BYTES;
    core.state[3] = FLASH + 2 * WAY_BYTES;
    // word 0 brings the code's line in half; the second datum evicts it (the first is newer); word 1 evicts the
    // first datum and brings the line in with word 1 only; so word 0 misses in a line that is there
    expect(core.count(FLASH)).toEqual({
      accesses: 4 * N + 1,
      hits: 0,
      cycles: instructions + (4 * N + 1) * MISS,
    });
  });
});

describe('the windows', () => {
  const [cached, lookUpOnly, allocateOnly, past] = [0x1000_0040, 0x1100_0040, 0x1200_0040, 0x1300_0040];

  it('0x13 neither looks nor fills', () => {
    const core = new CachedCore();
    expect(core.loads(past, past)).toEqual({ accesses: 2, hits: 0, cycles: 8 + 2 * MISS });
    expect(core.loads(cached).hits).toBe(0);
    expect(core.loads(past)).toEqual({ accesses: 1, hits: 0, cycles: 4 + MISS });
  });

  it('0x12 fills and does not look', () => {
    const core = new CachedCore();
    expect(core.loads(allocateOnly, allocateOnly, cached).hits).toBe(1);
  });

  it('0x11 looks and does not fill', () => {
    const core = new CachedCore();
    expect(core.loads(lookUpOnly, lookUpOnly, cached, lookUpOnly).hits).toBe(1);
  });

  it('beyond 2 MiB the same bytes are other lines', () => {
    const core = new CachedCore().flash([0x1111, 0x2222]);
    const mirror = FLASH + 2 * 1024 * 1024;
    expect(core.loads(FLASH, mirror, FLASH, mirror)).toEqual({ accesses: 4, hits: 2, cycles: 16 + 2 * MISS });
    expect(core.r(1)).toBe(0x2222_1111);
  });
});

describe('flush, off, writes', () => {
  it('a flush empties it; what comes in its 1024 cycles waits for their end', () => {
    const core = new CachedCore();
    core.loads(FLASH, FLASH + 4);
    expect(core.loads(FLASH, FLASH + 4).hits).toBe(2);
    core.core.flushCache();
    expect(core.loads(FLASH, FLASH + 4)).toEqual({ accesses: 2, hits: 0, cycles: 8 + 2 * MISS });
    // a slice of 10 000 ends at cycle 10 000, so it begins at 0; the load starts after the first LDR's 2 cycles
    core.core.flushCache();
    core.core.sliceEnd = 10_000_000;
    core.core.keepXipBusyUntil(1024);
    expect(core.loads(FLASH)).toEqual({ accesses: 1, hits: 0, cycles: 4 + (1024 - 2) + MISS });
  });

  it('a store to 0x10 drops the line with both words, and no other', () => {
    const core = new CachedCore();
    core.loads(FLASH, FLASH + 4, FLASH + 8, FLASH + WAY_BYTES);
    core.put([0x7001, BKPT]); // strb r1, [r0]
    core.state[0] = FLASH + 5;
    expect(core.count(CODE)).toEqual({ accesses: 0, hits: 0, cycles: 2 });
    expect(core.loads(FLASH + 8, FLASH + WAY_BYTES).hits).toBe(2);
    expect(core.loads(FLASH, FLASH + 4).hits).toBe(0);
  });

  it('off, everything comes from the flash chip; on again it holds what it held', () => {
    const core = new CachedCore();
    core.loads(FLASH);
    core.core.enableCache(false);
    expect(core.loads(FLASH, FLASH, FLASH + 8)).toEqual({ accesses: 3, hits: 0, cycles: 12 + 3 * MISS });
    core.core.enableCache(true);
    expect(core.loads(FLASH, FLASH + 8).hits).toBe(1);
  });

  it('a word programmed while the cache holds it is named, once it is read, until a flush', () => {
    const core = new CachedCore();
    core.loads(FLASH + 0x100, FLASH + 0x200);
    core.core.flashChanged(0x100, 256);
    core.loads(FLASH + 0x200);
    expect(core.stale).toEqual([]);
    core.loads(FLASH + 0x100);
    expect(core.stale).toEqual([FLASH + 0x100]);
    core.core.flushCache();
    core.loads(FLASH + 0x100);
    expect(core.stale).toHaveLength(1);
  });
});

describe('cache as SRAM', () => {
  const RAM = 0x1500_0000;
  // str r1, [r0]; ldr r2, [r0]; nop; ldr r3, [r0]; bkpt
  const program = [0x6001, 0x6802, NOP, 0x6803, BKPT];

  it('is memory while the cache is off, mirrored, with one wait state from a write to a read', () => {
    const core = new CachedCore().put(program);
    core.core.enableCache(false);
    core.state[0] = RAM + 0x3ffc;
    core.state[1] = 0xcafe_f00d;
    // str 2, ldr 2 + 1, nop 1, ldr 2
    expect(core.count(CODE)).toEqual({ accesses: 0, hits: 0, cycles: 8 });
    expect([core.r(2), core.r(3)]).toEqual([0xcafe_f00d, 0xcafe_f00d]);
    core.put([0x6802, BKPT]).state[0] = RAM + 0x7ffc;
    core.count(CODE);
    expect(core.r(2)).toBe(0xcafe_f00d);
  });

  it.each(['on', 'powered down'])('is a bus error while the cache is %s', (state) => {
    const core = new CachedCore().put(program);
    core.core.enableCache(state === 'on');
    core.state[CPU.cachePowerDown] = state === 'on' ? 0 : 1;
    core.state[0] = RAM;
    core.state[15] = CODE;
    expect(core.run(200)).not.toBe(EXIT.breakpoint);
    expect(core.state[CPU.faultAddress]).toBe(RAM);
  });
});

const XIP_CTRL = 0x1400_0000;
const run = (steps: readonly Step[], boot2 = plainBoot2()) =>
  new ScriptedPico(steps, { boot2 }, { zeroWait: false }).advance(50_000);

describe('XIP_CTRL', () => {
  it('counts accesses and hits; any write clears', () => {
    // A script's step is, in words: {ldr, ldr} {b, nop} literal literal {str or ldr …}; between the store that
    // clears ACC and the load that reads it lie the reading step's 3 fetches and 2 literals, all for the first time
    const p = run([write(XIP_CTRL + 0x0c, 0), write(XIP_CTRL + 0x10, 0), read(XIP_CTRL + 0x10, 0)]);
    expect(p.fault).toBeNull();
    expect(p.result(0)).toBe(5);
    // straight-line code seen for the first time never hits: HIT is still what reset left
    const twice = run([write(XIP_CTRL + 0x10, 0), read(XIP_CTRL + 0x10, 0), read(XIP_CTRL + 0x0c, 1)]);
    expect(twice.result(0)).toBe(5);
    expect(twice.result(1)).toBe(0);
  });

  it('hits what ran before: a loop of one line', () => {
    // clear HIT; movs r2, #50; loop: subs r2, #1; bne loop — all in words that the first round brings in
    const p = run([write(XIP_CTRL + 0x0c, 0), code(0x2232, NOP, 0x3a01, 0xd1fd), read(XIP_CTRL + 0x0c, 0)]);
    // 49 taken branches, each fetching the loop's word again, which is there
    expect(p.result(0)).toBe(49);
  });

  it('a read of FLUSH waits for the flush, and STAT shows it', () => {
    const p = run([
      ...fullSpeed,
      write(XIP_CTRL + 0x04, 1),
      read(XIP_CTRL + 0x08, 0),
      read(XIP_CTRL + 0x04, 1),
      read(XIP_CTRL + 0x08, 2),
    ]);
    expect([p.result(1), p.result(2) & 1]).toEqual([0, 1]);
  });

  it('POWER_DOWN forces the cache off', () => {
    const p = run([write(XIP_CTRL, 9), read(XIP_CTRL, 0), write(XIP_CTRL, 3), read(XIP_CTRL, 1)]);
    expect([p.result(0), p.result(1)]).toEqual([8, 3]);
  });

  it('streams words past the cache, two ahead, and counts them down', () => {
    const p = run([
      write(XIP_CTRL + 0x14, FLASH + 0x100),
      write(XIP_CTRL + 0x18, 3),
      code(0x2300, 0x3b01, 0xd1fd), // r3 wraps: it waits until the time is up, long enough for two words
    ]);
    expect(p.fault).toBeNull();
    const { xipCtrl } = p.pico.blocks;
    expect(xipCtrl.read(0x18)).toBe(1);
    expect(xipCtrl.read(0x08)! & 6).toBe(4);
    const image = new DataView(p.pico.core.flash.buffer, p.pico.core.flash.byteOffset);
    expect(xipCtrl.aux.read(0)).toBe(image.getUint32(0x100, true));
    p.advance(51_000);
    expect(xipCtrl.read(0x1c)).toBe(image.getUint32(0x104, true));
    expect(xipCtrl.read(0x1c)).toBe(image.getUint32(0x108, true));
    expect(xipCtrl.read(0x18)).toBe(0);
    xipCtrl.read(0x1c);
    expect(p.pico.failure?.id).toBe('sim.fault.xip-stream-empty');
  });
});

describe('the cost of a word', () => {
  const wordCycles = (pico: EmulatedPico) => pico.core.state[CPU.missCycles];

  it('03h: 8 command, 24 address and 32 data bits on one line, times SCKDV, and 10', () => {
    expect(wordCycles(run([]).pico)).toBe(64 * 4 + 10);
    expect(wordCycles(run([], plainBoot2(8)).pico)).toBe(64 * 8 + 10);
  });

  it('EBh in continuous read: 8 of address and mode, 4 wait, 8 of data on four lines', () => {
    const pico = new ScriptedPico([], {}, { zeroWait: false }).advance(20_000).pico;
    const { ssi } = pico.blocks;
    ssi.write(0x08, 0);
    ssi.write(0x14, 2);
    ssi.write(0x00, 0x005f_0300);
    ssi.write(0xf4, 0xa000_2022);
    expect(ssi.xipWordCycles()).toBe(20 * 2);
    // the command sent each time: 8 more on one line
    ssi.write(0xf4, 0xeb00_2221);
    expect(ssi.xipWordCycles()).toBe(28 * 2);
  });

  it('is nothing with zero-wait and in the mode for comparisons', () => {
    for (const options of [{ zeroWait: true }, { compatible: true }]) {
      const pico = new EmulatedPico(options);
      pico.program(scriptImage([]));
      pico.setPower(true, 0);
      pico.advanceTo(20_000);
      expect(wordCycles(pico)).toBe(0);
    }
  });
});
