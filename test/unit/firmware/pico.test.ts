import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  buildFirmware,
  checkPrebuilt,
  compilerVersion,
  sourceHash,
  type FirmwareManifest,
} from '../../../scripts/build-firmware.ts';
import { HarnessMode } from '../../../src-main/abi/generated.ts';
import { crc32, crc32Mpeg2 } from '../../../src-main/base/crc.ts';
import { pico } from '../../../src-main/board/pico.ts';
import { describeWith, needs, root } from '../../needs.ts';
import { identityProgram } from './identity-program.ts';
import { imageOf, prebuiltFirmware } from './images.ts';
import { Rp2040jsPico } from './rp2040js-pico.ts';

const firmware = prebuiltFirmware();
const view = new DataView(firmware.buffer, firmware.byteOffset);
const manifest = JSON.parse(
  readFileSync(join(root, 'firmware/prebuilt/pico/manifest.json'), 'utf8'),
) as FirmwareManifest;

describe('The committed Pico firmware', () => {
  it('begins with a boot2 that the boot ROM accepts', () => {
    // RP2040.md §2.1: CRC-32/MPEG-2 of 252 zero bytes
    expect(crc32Mpeg2(new Uint8Array(252))).toBe(0x7065399a);
    expect(view.getUint32(252, true)).toBe(crc32Mpeg2(firmware.subarray(0, 252)));
  });

  it('has its vector table at 0x10000100: stack in RAM, Thumb handlers inside the image', () => {
    const [stack, reset, nmi, hardFault] = [0, 1, 2, 3].map((i) => view.getUint32(0x100 + 4 * i, true));
    expect(stack! % 8).toBe(0);
    expect(stack! > pico.ram.base && stack! <= pico.ram.base + pico.ram.bytes).toBe(true);
    for (const handler of [reset!, nmi!, hardFault!]) {
      expect(handler & 1).toBe(1);
      expect(handler > pico.flash.base + 0x100 && handler < pico.flash.base + firmware.length).toBe(true);
    }
  });

  it('fits its place and leaves the memory the board descriptor promises', () => {
    expect(firmware.length).toBeLessThanOrEqual(pico.image.firmwareBytes);
    expect(firmware.length % 256).toBe(0);
    expect(manifest.poolBytes).toBeGreaterThanOrEqual(pico.image.arenaBytes);
  });

  it('is what its manifest says, built from the sources that are here', () => {
    expect(manifest.bytes).toBe(firmware.length);
    expect(parseInt(manifest.crc32, 16)).toBe(crc32(firmware));
    expect(manifest.sourceSha256).toBe(sourceHash());
  });

  it('carries no path, date or compiler string', () => {
    expect(Buffer.from(firmware).toString('latin1')).not.toMatch(/\/[a-z]+\/[a-z]+|\.c\0|GCC|20\d\d-\d\d/);
  });
});

describeWith([needs.armGcc], 'A fresh firmware build', () => {
  it.runIf(compilerVersion() === manifest.compiler)('is byte for byte the committed image', () => {
    expect(checkPrebuilt(buildFirmware())).toEqual([]);
  });

  it('calls nothing in flash from what runs inside a window', () => {
    // the linker makes a veneer in RAM for each function in flash that code in RAM calls
    const { symbols } = buildFirmware();
    const calls = Object.entries(symbols).filter(
      ([name, at]) => name.endsWith('_veneer') && at >= pico.ram.base && at < pico.ram.base + pico.ram.bytes,
    );
    expect(calls.map(([name]) => name)).toEqual([]);
  });

  it('makes the broken images other tests use', () => {
    const badCrc = buildFirmware('bad-boot2-crc').bytes;
    expect(crc32Mpeg2(badCrc.subarray(0, 252))).not.toBe(new DataView(badCrc.buffer).getUint32(252, true));
    const release = buildFirmware().bytes;
    for (const variant of ['no-pll', 'no-reset-release'] as const) {
      const bytes = buildFirmware(variant).bytes;
      expect(Buffer.compare(bytes, release)).not.toBe(0);
      expect(crc32Mpeg2(bytes.subarray(0, 252))).toBe(new DataView(bytes.buffer).getUint32(252, true));
    }
  });
});

const ready = (text: string) => text.includes('m-ready\r\n');

class Session {
  readonly pico: Rp2040jsPico;
  constructor(flash: Uint8Array) {
    this.pico = new Rp2040jsPico(flash);
  }
  lines(command: string | null, limitUs = 2_000_000): string[] {
    if (command !== null) this.pico.type(`${command}%`);
    const text = this.pico.runUntil(ready, limitUs) ? this.pico.take() : `silence after ${this.pico.take()}`;
    return text.split('\r\n').slice(0, -2);
  }
}

describe('The firmware on a Pico in rp2040js', () => {
  const program = identityProgram({ units: 40, layers: 6, scale: 1 / 256, zeroPoint: -128 });
  const image = imageOf(program);

  it('boots to its prologue within 30 ms and then sleeps', () => {
    const s = new Session(image.bin);
    expect(s.lines(null)).toEqual([
      'm-timestamp-mode-performance',
      expect.stringMatching(/^m-lap-us-\d+$/),
      'm-init-done',
    ]);
    expect(s.pico.nowUs).toBeLessThan(30_000);
    s.pico.runUntil(() => false, 1000);
    expect(s.pico.asleep).toBe(true);
  });

  it('knows the hash of its own flash, infers, and accounts for its time', () => {
    const s = new Session(image.bin);
    s.lines(null);
    // the code of the one kernel takes the end of the pool, in whole 16 bytes
    const codeBytes = 16 * Math.ceil(image.kernels[0]!.runBytes / 16);
    expect(s.lines('mj id')[0]).toBe(
      `m-mj-id-[abi=1,fw=${image.firmwareHash},program=${program.programHash},model=0001020304050607,board=pico,` +
        `mode=performance,clk=125000000,baud=115200,ops=6,arena=${manifest.poolBytes - codeBytes},in=40,out=40,status=0,source=image]`,
    );
    const input = Uint8Array.from({ length: 40 }, (_, i) => 37 * i);
    s.lines('db load 40');
    s.lines(`db ${Buffer.from(input.subarray(0, 31)).toString('hex')}`);
    expect(s.lines(`db ${Buffer.from(input.subarray(31)).toString('hex')}`)).toEqual(['m-load-done']);
    const reply = s.lines('infer 20 1');
    const laps = reply.filter((l) => l.startsWith('m-lap')).map((l) => Number(l.slice('m-lap-us-'.length)));
    const out = s.lines('mj out');
    expect(
      out
        .slice(0, 2)
        .map((l) => l.slice(l.indexOf(',') + 1, -1))
        .join(''),
    ).toBe(Buffer.from(input).toString('hex'));

    const profile = s.lines('mj prof');
    const cycles = profile
      .filter((l) => l.startsWith('m-mj-op'))
      .map((l) => Number(l.slice(0, -1).split(',')[2]));
    const total = Number(/total-\[(\d+)\]/.exec(profile.at(-1)!)![1]);
    expect(total).toBe(cycles.reduce((a, b) => a + b, 0));
    // identical layers take the same cycles, to a handful for the addresses the tables lie at
    expect(Math.max(...cycles) - Math.min(...cycles)).toBeLessThan(100);
    // the window's latency is that sum, the dispatch, the pins and the placing of the input
    const cyclesPerInference = ((laps[1]! - laps[0]!) * 125) / 20;
    expect(cyclesPerInference).toBeGreaterThan(total);
    expect(cyclesPerInference).toBeLessThan(total * 1.05 + 3000);
  });

  it('sleeps a second before an energy window and steps the pins once an operator boundary', () => {
    const s = new Session(imageOf(program, { mode: HarnessMode.Energy, baud: 115200 }).bin);
    s.lines(null);
    s.lines('db load 40');
    for (const part of [31, 9]) s.lines(`db ${'01'.repeat(part)}`);
    s.pico.pinEvents.length = 0;
    const before = s.pico.nowUs;
    s.lines('infer 3 0', 3_000_000);
    const events = s.pico.pinEvents.map(({ timeUs, levels }) => ({ timeUs, levels: (levels >> 2) & 31 }));
    const start = events.findIndex((e) => e.levels & 1);
    const end = events.findIndex((e, i) => i > start && !(e.levels & 1));
    expect(events[start]!.timeUs - before).toBeGreaterThan(1_000_000);
    const gray = (n: number) => (n & 7) ^ ((n & 7) >> 1);
    expect(events.slice(start, end).map((e) => (e.levels >> 1) & 7)).toEqual(
      Array.from({ length: 18 }, (_, n) => gray(n)),
    );
    // the pulse before the window ends with D0's rise, the one after begins with its fall
    const pulses = [
      events[start]!.timeUs - events[start - 1]!.timeUs,
      events[end + 1]!.timeUs - events[end]!.timeUs,
    ];
    for (const us of pulses) {
      expect(us).toBeGreaterThanOrEqual(50);
      expect(us).toBeLessThan(55);
    }
  });
});
