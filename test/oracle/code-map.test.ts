/** Functions and source lines of ELF files, as binutils reads them from the same files. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { orThrow } from '../../src-main/base/errors.ts';
import { Rng } from '../../src-main/base/rng.ts';
import { CodeMap, codeMapFile, codeMapOfElf, codeMapOfFile } from '../../src-main/compile/code-map.ts';
import { describeWith, needs, root } from '../needs.ts';

const firmware = join(root, 'firmware');
const versions = [2, 3, 4, 5] as const;

describeWith([needs.armGcc], 'the code map of an ELF file', () => {
  let dir = '';
  const elf = (version: number) => join(dir, `dwarf${version}.elf`);
  const tool = (name: string, ...args: string[]) =>
    execFileSync(`arm-none-eabi-${name}`, args, { encoding: 'utf8', cwd: dir, stdio: 'pipe' });

  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), 'microjoule-code-map-'));
    for (const version of versions) {
      const objects = ['crc', 'dialect', 'text'].map((name) => {
        const source = join(firmware, 'harness', `${name}.c`);
        const flags = ['-mcpu=cortex-m0plus', '-mthumb', '-O2', '-std=gnu11', '-ffreestanding'];
        tool('gcc', ...flags, '-g', `-gdwarf-${version}`, '-c', source, '-o', `${name}.o`);
        return `${name}.o`;
      });
      const loose = ['-nostdlib', '-Wl,--unresolved-symbols=ignore-all', '-Wl,-e0'];
      tool('gcc', '-mcpu=cortex-m0plus', '-mthumb', ...loose, ...objects, '-o', elf(version));
    }
  });
  afterAll(() => rmSync(dir, { recursive: true }));

  it.each(versions)('gives the line of every instruction, DWARF %i', (version) => {
    const map = orThrow(codeMapOfElf(readFileSync(elf(version)), firmware));
    const addresses = map.functions.flatMap((f) =>
      Array.from({ length: f.bytes / 2 }, (_, i) => f.address + 2 * i),
    );
    expect(addresses.length).toBeGreaterThan(500);
    const asked = addresses.map((a) => a.toString(16));
    const theirs = tool('addr2line', '-e', elf(version), ...asked)
      .trim()
      .split('\n');
    const ours = addresses.map((a) => map.lineAt(a));
    expect(ours.map((l) => (l ? `${l.file}:${l.line}` : '??:0'))).toEqual(
      theirs.map((l) => l.replace(`${firmware}/`, '').replace(/ \(discriminator.*/, '')),
    );
  });

  it('gives every function with address and size', () => {
    const rows = tool('nm', '--print-size', '--defined-only', elf(4)).trim().split('\n');
    const theirs = rows
      .map((row) => row.split(' '))
      .filter(([, , kind]) => kind === 't' || kind === 'T')
      .map(([address, bytes, , name]) => [name, parseInt(address!, 16) & ~1, parseInt(bytes!, 16)]);
    const ours = orThrow(codeMapOfElf(readFileSync(elf(4)))).functions;
    expect(ours.map((f) => [f.name, f.address, f.bytes]).sort()).toEqual(theirs.sort());
  });

  it('knows nothing of an address outside every function', () => {
    const map = orThrow(codeMapOfElf(readFileSync(elf(4))));
    const end = Math.max(...map.functions.map((f) => f.address + f.bytes));
    expect([map.functionAt(0), map.functionAt(end), map.lineAt(0), map.lineAt(end + 4)]).toEqual(
      Array.from({ length: 4 }, () => null),
    );
  });

  it('refuses or survives whatever is done to the file', () => {
    const rng = new Rng(7);
    const good = readFileSync(elf(5));
    const outcomes = new Set<string>();
    for (let i = 0; i < 400; i++) {
      const bytes = Uint8Array.from(good.subarray(0, i % 4 === 0 ? rng.int(0, good.length) : good.length));
      for (let k = rng.int(1, 30); k > 0 && bytes.length > 0; k--)
        bytes[rng.int(0, Math.min(bytes.length, i % 2 ? 200 : bytes.length) - 1)] = rng.int(0, 255);
      const map = codeMapOfElf(bytes);
      outcomes.add(map.ok ? 'read' : map.id);
    }
    expect([...outcomes].filter((o) => o !== 'read' && !o.startsWith('elf.'))).toEqual([]);
    expect(outcomes.size).toBeGreaterThan(3);
  });

  it('is the same after a round through the file beside a prebuilt image', () => {
    const map = orThrow(codeMapOfElf(readFileSync(elf(4)), firmware));
    const parsed: unknown = JSON.parse(
      JSON.stringify(
        codeMapFile({ firmware: map, kernels: [{ kernel: 1, run: map, check: map }] }, '12345678'),
      ),
    );
    const again = orThrow(codeMapOfFile(parsed, '12345678'));
    expect(again.firmware).toBeInstanceOf(CodeMap);
    expect(again.firmware.toRows()).toEqual(map.toRows());
    expect(again.kernels[0]!.check.toRows()).toEqual(map.toRows());
    expect(codeMapOfFile(parsed, '00000000')).toMatchObject({ ok: false, id: 'image.bad-code-map' });
  });
});
