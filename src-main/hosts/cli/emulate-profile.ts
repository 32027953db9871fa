import { fail, ok, type Result } from '../../base/errors.ts';
import { codeProfile } from '../../compile/code-profile.ts';
import { codeMapOfElf, type CodeFunction, type CodeMap } from '../../compile/code-map.ts';
import { readElf, type ElfFile } from '../../compile/elf.ts';
import type { CodeProfile } from '../../contract/index.ts';
import { profileFlame } from '../../report/code-profile.ts';
import { FLASH_BYTES } from '../../sim/pico/core/core.ts';
import { readUf2Image, type Uf2Image } from '../../sim/pico/uf2.ts';
import type { SimulatedBench } from '../../sim/simulated-bench.ts';
import { writeText } from './write-text.ts';

const FLASH_START = 0x1000_0000;
const PAGE_BYTES = 256;

/** What the addresses of a profile mean. */
export interface ProfiledCode {
  readonly map: CodeMap | null;
  /** Of our own image, whose pins show them; null: the profile is not split. */
  readonly operatorNames: readonly string[] | null;
}

/** Counts from now until `take`, which writes the flame graph to `svgPath`. */
export class EmulationProfile {
  readonly #bench: SimulatedBench;
  readonly #code: ProfiledCode;
  readonly svgPath: string;

  constructor(bench: SimulatedBench, code: ProfiledCode, svgPath: string) {
    this.#bench = bench;
    this.#code = code;
    this.svgPath = svgPath;
    bench.startCodeCounts(code.operatorNames?.length ?? null);
  }

  async take(): Promise<Result<CodeProfile>> {
    const counts = await this.#bench.takeCodeCounts();
    const profile = codeProfile(counts, this.#code.map, this.#code.operatorNames ?? []);
    const written = writeText(this.svgPath, profileFlame(profile));
    return written.ok ? ok(profile) : written;
  }
}

/**
 * Functions and lines of the ELF file a UF2 was made of. `image.bad-code-map` when a function of it is not in the
 * image byte for byte, or none is: names of another build would be wrong without a word.
 */
export function codeMapOfImage(elf: Uint8Array, uf2: Uint8Array): Result<CodeMap> {
  const map = codeMapOfElf(elf);
  if (!map.ok) return map;
  const parts = readElf(elf);
  if (!parts.ok) return parts;
  const image = readUf2Image(uf2, FLASH_BYTES);
  if (!image.ok) return image;
  const pages = pagesOf(image.value);
  const compared = map.value.functions.map((f) => ({ f, same: isInImage(f, parts.value, pages) }));
  const other = compared.find(({ same }) => same === false)?.f;
  if (!other && compared.some(({ same }) => same)) return map;
  return fail(
    'image.bad-code-map',
    { function: other?.name ?? null, address: other?.address ?? null },
    'The list of functions and lines does not belong to this image.',
    'Give the ELF file of the build that made the UF2.',
  );
}

type Pages = ReadonlyMap<number, Uint8Array>;

/** By address. boot2 is left out: its checksum comes into the image after the link. */
function pagesOf(image: Uf2Image): Pages {
  const pages: [number, Uint8Array][] =
    image.kind === 'ram'
      ? image.pages.map((p) => [p.address, p.bytes])
      : image.pages.filter((p) => p.offset > 0).map((p) => [FLASH_START + p.offset, p.bytes]);
  return new Map(pages);
}

/** Null where the image has nothing at the function's address, as for code that start-up copies to RAM. */
function isInImage(f: CodeFunction, elf: ElfFile, pages: Pages): boolean | null {
  const section = [...elf.sections.values()].find(
    (s) => s.address > 0 && s.address <= f.address && f.address + f.bytes <= s.address + s.bytes.length,
  );
  if (!section) return null;
  for (let address = f.address; address < f.address + f.bytes; address++) {
    const page = pages.get(address - (address % PAGE_BYTES));
    if (!page) return null;
    if (page[address % PAGE_BYTES] !== section.bytes[address - section.address]) return false;
  }
  return true;
}
