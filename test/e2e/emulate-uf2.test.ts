/** `microjoule emulate pico --uf2`: firmware of somebody else's, which says nothing our firmware would say. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { WallClock } from '../../src-main/base/clock.ts';
import type { CodeProfile } from '../../src-main/contract/index.ts';
import { buildWithElf } from '../images/build.ts';
import { describeWith, needs, root } from '../needs.ts';
import { json, microjoule, scratch } from './cli-process.ts';
import { emulating, type Served } from './served-process.ts';

const image = (name: string) => join(root, `test/images/prebuilt/${name}.uf2`);
const clock = new WallClock();
const { dir, remove } = scratch();
afterAll(remove);

/** What it wrote to its standard error, once `wanted` is in it. */
async function noted(served: Served, wanted: string): Promise<string> {
  const deadlineUs = clock.nowUs() + 15e6;
  while (!served.stderr().includes(wanted) && clock.nowUs() < deadlineUs)
    await clock.sleepUntilUs(clock.nowUs() + 50_000);
  return served.stderr();
}

describe('microjoule emulate pico --uf2', () => {
  it('says what happens to it: bites of the watchdog, BOOTSEL', async () => {
    await using served = await emulating(['pico', '--tcp', '0', '--uf2', image('watchdog-reboot')]);
    expect(await noted(served, 'usb-boot')).toContain('sim.diagnosis.usb-boot');
    expect(served.stderr()).toContain('sim.diagnosis.watchdog-bite');
  });

  it('serves both UARTs, and writes the edges of the pins asked for as VCD', async () => {
    const pins = join(dir, 'pins.vcd');
    const served = await emulating([
      ...['pico', '--tcp', '0', '--uart1-tcp', '0', '--uf2', image('ram-only')],
      ...['--pins', pins, '--gpio', '25,2'],
    ]);
    expect(Object.keys(served.listens)).toEqual(['dut', 'uart1']);
    await clock.sleepUntilUs(clock.nowUs() + 1_000_000);
    expect(await served.end('SIGTERM')).toBe(0);
    const vcd = readFileSync(pins, 'utf8');
    expect([...vcd.matchAll(/\$var wire 1 (\S) (GPIO\d+)/g)].map((m) => m[2])).toEqual(['GPIO2', 'GPIO25']);
    // the LED toggles six times, a millisecond apart
    const edges = [...vcd.matchAll(/#(\d+)\n([01])"/g)].map((m) => ({ ns: Number(m[1]), level: m[2] }));
    expect(edges.map((e) => e.level).join('')).toBe('101010');
    for (const [i, e] of edges.entries())
      if (i > 0) expect(Math.abs(e.ns - edges[i - 1]!.ns - 1e6)).toBeLessThan(2_000);
  });

  it('a line opened at another rate than the board’s is named', async () => {
    await using served = await emulating([
      ...['pico', '--tcp', '0', '--uf2', image('services'), '--baud', '57600'],
    ]);
    expect(await noted(served, 'line-rate')).toMatch(
      /sim\.diagnosis\.line-rate .*boardBaud=1152\d\d .*expectedBaud=57600/,
    );
  });

  it('refuses pins that do not exist, a file it cannot write, and a file that is no UF2', async () => {
    const refused = (...args: string[]) =>
      microjoule(['emulate', 'pico', '--tcp', '0', '--for', '1', '--json', ...args]);
    const id = async (...args: string[]) => json<{ error: { id: string } }>(await refused(...args)).error.id;
    expect((await refused('--gpio', '30')).code).toBe(2);
    expect(await id('--pins', join(dir, 'no', 'such', 'folder.vcd'))).toBe('cli.cannot-write');
    expect(await id('--uf2', join(root, 'package.json'))).toBe('programmer.bad-uf2');
  });
});

/** The profile of so many wall seconds at free pace, as the second line of standard output says it. */
async function profiled(...args: string[]): Promise<CodeProfile> {
  const run = await microjoule([
    ...['emulate', 'pico', '--tcp', '0', '--pace', 'free', '--for', '1', '--json'],
    ...args,
  ]);
  expect(run.code, run.stderr).toBe(0);
  const [listens, profile] = run.stdout.trim().split('\n');
  expect(JSON.parse(listens!)).toHaveProperty('listens.dut');
  return (JSON.parse(profile!) as { profile: CodeProfile }).profile;
}

/** Every cycle belongs to an instruction, an exception, sleep or the ROM's boot. */
function accountedFor(p: CodeProfile): number {
  return p.parts.reduce((n, part) => n + part.cycles, 0) + p.exceptionCycles + p.asleepCycles + p.romCycles;
}

describe('microjoule emulate pico --profile', () => {
  it('accounts for every cycle of somebody’s own firmware, and draws a flame graph', async () => {
    const svg = join(dir, 'profile.svg');
    const p = await profiled('--uf2', image('ram-only'), '--profile', svg);
    expect(accountedFor(p)).toBe(p.cycles);
    expect(p.parts).toHaveLength(1);
    expect(p.parts[0]!.instructions).toBeGreaterThan(1000);
    expect(readFileSync(svg, 'utf8')).toMatch(/^<svg[^]*\(unknown code\)[^]*<\/svg>\s*$/);
  });

  it('refuses a place it cannot write to, and --elf without an image or a profile, before anything runs', async () => {
    const id = async (...args: string[]) =>
      json<{ error: { id: string } }>(
        await microjoule(['emulate', 'pico', '--tcp', '0', '--for', '1', '--json', ...args]),
      ).error.id;
    expect(await id('--profile', join(dir, 'no', 'such', 'folder.svg'))).toBe('cli.cannot-write');
    expect(await id('--uf2', image('services'), '--elf', image('services'))).toBe('cli.usage');
    expect(await id('--profile', join(dir, 'a.svg'), '--elf', image('services'))).toBe('cli.usage');
  });
});

describeWith([needs.armGcc], 'microjoule emulate pico --profile --elf', () => {
  it('names the functions of the image; an ELF file of another build is refused', async () => {
    const { uf2, elf } = buildWithElf('services');
    const [uf2Path, elfPath, svg] = ['own.uf2', 'own.elf', 'own.svg'].map((name) => join(dir, name));
    writeFileSync(uf2Path!, uf2);
    writeFileSync(elfPath!, elf);
    const p = await profiled('--uf2', uf2Path!, '--elf', elfPath!, '--profile', svg!);
    expect(accountedFor(p)).toBe(p.cycles);
    const functions = p.parts[0]!.functions;
    expect(functions.find((f) => f.name === 'main')?.calls).toBe(1);
    // boot2 runs from a copy in SRAM, which no symbol names
    const unnamed = functions.find((f) => f.name === '(unknown code)')?.cycles ?? 0;
    expect(unnamed / p.parts[0]!.cycles).toBeLessThan(0.1);
    expect(readFileSync(svg!, 'utf8')).toContain('main');
    const other = await microjoule([
      ...['emulate', 'pico', '--tcp', '0', '--for', '1', '--json', '--profile', svg!],
      ...['--uf2', image('flash-writer'), '--elf', elfPath!],
    ]);
    expect(json<{ error: { id: string } }>(other).error.id).toBe('image.bad-code-map');
  });
});
