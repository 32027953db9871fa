import { createHash } from 'node:crypto';
import { setTimeout as wallSleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { orThrow } from '../../../src-main/base/errors.ts';
import { encodeUf2 } from '../../../src-main/compile/uf2.ts';
import type { Link } from '../../../src-main/link/link.ts';
import {
  openSimulatedBench,
  type SimulatedBench,
  type SimulatedBenchOptions,
} from '../../../src-main/sim/simulated-bench.ts';
import { FLASH, scriptImage, echoImage } from './pico/script-image.ts';
import { tinyImage } from './firmware-image.ts';

const CHARACTER_US = 86.8;

const echoUf2 = () =>
  encodeUf2(
    echoImage().map(({ offset, bytes }) => ({ address: FLASH + offset, bytes })),
    0xe48b_ff56,
  );

async function openEcho(options: Partial<SimulatedBenchOptions> = {}): Promise<SimulatedBench> {
  const bench = orThrow(await openSimulatedBench({ seed: 1, monitor: 'none', inProcess: true, ...options }));
  orThrow(await bench.programmer.program(echoUf2()));
  await bench.clock.sleepUntilUs(10_000);
  return bench;
}

async function readBytes(link: Link, count: number, patienceUs = 1_000_000): Promise<Buffer> {
  const deadlineUs = link.clock.nowUs() + patienceUs;
  const parts: Uint8Array[] = [];
  for (let have = 0; have < count;) {
    const r = await link.read({ deadlineUs, atLeast: count - have });
    if (r.kind !== 'bytes') break;
    parts.push(r.bytes);
    have += r.bytes.length;
  }
  return Buffer.concat(parts);
}

describe('virtual time', () => {
  it('stands still while nobody waits, and moves exactly to a deadline', async () => {
    await using bench = await openEcho();
    const before = bench.clock.nowUs();
    await wallSleep(20);
    expect(bench.clock.nowUs()).toBe(before);
    await bench.clock.sleepUntilUs(before + 1234.5);
    expect(bench.clock.nowUs()).toBe(before + 1234.5);
  });

  it('is not driven by a passive read, which still gets what arrives', async () => {
    await using bench = await openEcho();
    orThrow(await bench.dut.write(Uint8Array.of(1, 2, 3)));
    const passive = bench.dut.read({ deadlineUs: Infinity, atLeast: 3 });
    await wallSleep(20);
    expect(bench.clock.nowUs()).toBe(10_000);
    await bench.clock.sleepUntilUs(20_000);
    expect(await passive).toEqual({ kind: 'bytes', bytes: Uint8Array.of(1, 2, 3) });
  });

  it('several waits end each at its own time, in order', async () => {
    await using bench = await openEcho();
    const ends: string[] = [];
    const wait = async (name: string, us: number) => {
      await bench.clock.sleepUntilUs(us);
      ends.push(`${name}@${bench.clock.nowUs()}`);
    };
    orThrow(await bench.dut.write(Uint8Array.of(7)));
    const reading = bench.dut.read({ deadlineUs: 50_000 }).then(() => ends.push('byte'));
    await Promise.all([wait('c', 30_000), wait('a', 10_050), wait('b', 20_000), reading]);
    expect(ends).toEqual(['a@10050', 'byte', 'b@20000', 'c@30000']);
  });

  it('a sleep ends early when its signal aborts', async () => {
    await using bench = await openEcho({ inProcess: false });
    const stop = new AbortController();
    const sleeping = bench.clock.sleepUntilUs(1e9, stop.signal);
    await wallSleep(10);
    stop.abort();
    await sleeping;
    expect(bench.clock.nowUs()).toBeLessThan(1e9);
  });
});

describe('the UART wire', () => {
  it('carries 1 000 bytes at 115 200 baud in 86.8 ms, one character more or less', async () => {
    await using bench = await openEcho();
    const bytes = Buffer.from(Array.from({ length: 1000 }, (_, i) => i & 0xff));
    const beganUs = bench.clock.nowUs();
    orThrow(await bench.dut.write(bytes));
    expect(await readBytes(bench.dut, 1000)).toEqual(bytes);
    // the echo starts one character after the first has arrived
    const tookUs = bench.clock.nowUs() - beganUs - CHARACTER_US;
    expect(Math.abs(tookUs - 86_800)).toBeLessThan(CHARACTER_US);
  });

  it('is garbage at a wrong rate, and right again at the right one', async () => {
    await using bench = await openEcho();
    orThrow(await bench.dut.setBaud(57_600));
    const sent = Buffer.from('hello');
    orThrow(await bench.dut.write(sent));
    await bench.clock.sleepUntilUs(bench.clock.nowUs() + 10_000);
    const garbage = await bench.dut.read({ deadlineUs: bench.clock.nowUs() });
    expect(garbage.kind === 'bytes' ? Buffer.from(garbage.bytes) : null).not.toEqual(sent);
    orThrow(await bench.dut.setBaud(115_200));
    bench.dut.discardInput();
    orThrow(await bench.dut.write(sent));
    expect(await readBytes(bench.dut, 5)).toEqual(sent);
  });

  it('holds bytes back for `until` and `atLeast`, but not beyond the deadline', async () => {
    await using bench = await openEcho();
    orThrow(await bench.dut.write(Buffer.from('ab\ncd')));
    const line = await bench.dut.read({ deadlineUs: 50_000, until: 10 });
    expect(line).toEqual({ kind: 'bytes', bytes: Uint8Array.from(Buffer.from('ab\n')) });
    const rest = await bench.dut.read({ deadlineUs: 60_000, atLeast: 100 });
    expect(rest).toEqual({ kind: 'bytes', bytes: Uint8Array.from(Buffer.from('cd')) });
    expect(bench.clock.nowUs()).toBe(60_000);
    expect(await bench.dut.read({ deadlineUs: 61_000 })).toEqual({ kind: 'timeout' });
  });
});

/** Source-meter mode, 3 300 mV, DUT power. */
const powerOn = Uint8Array.of(0x11, 2, 0x0d, 0x0c, 0xe4, 0x0c, 1);
const powerOff = Uint8Array.of(0x0c, 0);

describe('a board supplied by the emulated PPK2', () => {
  it('is silent until the monitor switches it on, and after it switches it off', async () => {
    await using bench = orThrow(await openSimulatedBench({ seed: 1, monitor: 'ppk2', inProcess: true }));
    orThrow(await bench.programmer.program(tinyImage().uf2));
    expect(await bench.dut.read({ deadlineUs: 200_000 })).toEqual({ kind: 'timeout' });
    expect(await bench.programmer.reset()).toMatchObject({ ok: false, id: 'programmer.no-power' });
    orThrow(await bench.monitor!.write(powerOn));
    const boot = await bench.dut.read({ deadlineUs: 1_000_000, until: 10 });
    expect(boot.kind === 'bytes' && Buffer.from(boot.bytes).toString()).toContain(
      'm-timestamp-mode-performance',
    );
    await bench.clock.sleepUntilUs(bench.clock.nowUs() + 50_000);
    expect(await bench.worldEnergy(200_000, 300_000)).toBeGreaterThan(1e-4);
    orThrow(await bench.monitor!.write(powerOff));
    bench.dut.discardInput();
    orThrow(await bench.dut.write(Buffer.from('name%')));
    const offUs = bench.clock.nowUs();
    expect(await bench.dut.read({ deadlineUs: offUs + 500_000 })).toEqual({ kind: 'timeout' });
    expect(await bench.worldEnergy(offUs, offUs + 500_000)).toBe(0);
  });

  it('streams the same samples from a worker and from this thread', async () => {
    const streams: string[] = [];
    for (const inProcess of [true, false]) {
      await using bench = orThrow(await openSimulatedBench({ seed: 5, monitor: 'ppk2', inProcess }));
      orThrow(await bench.programmer.program(tinyImage().uf2));
      orThrow(await bench.monitor!.write(powerOn));
      orThrow(await bench.monitor!.write(Uint8Array.of(0x06)));
      const hash = createHash('sha256');
      let count = 0;
      const recording = (async () => {
        for (;;) {
          const r = await bench.monitor!.read({ deadlineUs: Infinity });
          if (r.kind !== 'bytes') return;
          hash.update(r.bytes);
          count += r.bytes.length;
        }
      })();
      await bench.clock.sleepUntilUs(350_000);
      await bench[Symbol.asyncDispose]();
      await recording;
      // 100 000 samples of 4 bytes a second
      expect(count).toBe((350_000 / 10) * 4);
      streams.push(hash.digest('hex'));
    }
    expect(streams[0]).toBe(streams[1]);
  });

  it('loses its supply when the monitor is unplugged, and works again when it is plugged in', async () => {
    await using bench = orThrow(await openSimulatedBench({ seed: 1, monitor: 'ppk2', inProcess: true }));
    orThrow(await bench.programmer.program(tinyImage().uf2));
    orThrow(await bench.monitor!.write(powerOn));
    await bench.clock.sleepUntilUs(100_000);
    const waiting = bench.monitor!.read({ deadlineUs: 300_000 });
    bench.unplug('monitor');
    expect(await waiting).toMatchObject({ kind: 'closed', expected: false });
    await bench.clock.sleepUntilUs(200_000);
    expect(await bench.worldEnergy(150_000, 200_000)).toBe(0);
    const again = bench.replug('monitor');
    orThrow(await again.write(powerOn));
    await bench.clock.sleepUntilUs(300_000);
    expect(await bench.worldEnergy(250_000, 300_000)).toBeGreaterThan(0);
  });
});

describe('the programmer', () => {
  it('refuses a malformed UF2 before the board is touched', async () => {
    await using bench = await openEcho();
    const spoiled = echoUf2();
    spoiled[512 + 508]! ^= 1;
    expect(await bench.programmer.program(spoiled)).toMatchObject({
      ok: false,
      id: 'programmer.bad-uf2',
      facts: { block: 1 },
    });
    orThrow(await bench.dut.write(Uint8Array.of(0x33)));
    expect(await readBytes(bench.dut, 1)).toEqual(Buffer.of(0x33));
  });

  it('a new image replaces the old one, and reset starts it again', async () => {
    await using bench = await openEcho();
    const silent = scriptImage([]).map(({ offset, bytes }) => ({ address: FLASH + offset, bytes }));
    orThrow(await bench.programmer.program(encodeUf2(silent, 0xe48b_ff56)));
    await bench.clock.sleepUntilUs(50_000);
    orThrow(await bench.dut.write(Uint8Array.of(0x33)));
    expect((await bench.dut.read({ deadlineUs: 100_000 })).kind).toBe('timeout');
    orThrow(await bench.programmer.program(echoUf2()));
    orThrow(await bench.programmer.reset());
    await bench.clock.sleepUntilUs(150_000);
    orThrow(await bench.dut.write(Uint8Array.of(0x44)));
    expect(await readBytes(bench.dut, 1)).toEqual(Buffer.of(0x44));
  });
});
