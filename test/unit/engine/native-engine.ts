/** Builds and drives the engine on this computer with sanitizers; native/engine_driver.c says how they talk. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { coreKernelFolders } from '../../../scripts/engine-sources.ts';
import { root } from '../../needs.ts';

const FLAGS = [
  ...['-std=gnu11', '-O0', '-g1', '-Wall', '-Wextra', '-Werror', '-Wconversion', '-fno-omit-frame-pointer'],
  ...['-fsanitize=address,undefined', '-fno-sanitize-recover=all'],
];

export interface NativeRequest {
  readonly program: Uint8Array;
  readonly arenaBytes: number;
  /** Every set's inputs one after the other. */
  readonly sets: readonly Uint8Array[];
  readonly outputBytes: number;
}

export interface NativeReply {
  readonly opened: number;
  /** One a set, when the Program was accepted. */
  readonly runs: readonly { readonly status: number; readonly outputs: Uint8Array }[];
}

function sourcesOf(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.c'))
    .sort()
    .map((name) => join(folder, name));
}

/** Where the engine's C lies in the repository. */
export const engineFolder = join(root, 'firmware/engine');

export class NativeEngine {
  readonly #folder = mkdtempSync(join(tmpdir(), 'microjoule-native-'));

  /** `folder` is laid out as firmware/engine. */
  constructor(defines: readonly string[] = [], folder = engineFolder) {
    const driver = join(root, 'test/unit/engine/native/engine_driver.c');
    const folders = ['.', 'kernels', ...coreKernelFolders.map((core) => `kernels/${core}`)];
    const sources = [...folders.flatMap((f) => sourcesOf(join(folder, f))), driver];
    const args = [...FLAGS, ...defines, '-I', folder, ...sources, '-o', this.#program];
    const run = spawnSync('gcc', args, { encoding: 'utf8' });
    if (run.status !== 0) throw new Error(`gcc failed:\n${run.stderr}`);
  }

  get #program(): string {
    return join(this.#folder, 'engine');
  }

  /** Throws with the sanitizer's report when one is found. */
  run(requests: readonly NativeRequest[]): NativeReply[] {
    const parts = requests.flatMap((r) => {
      const head = [r.program.length, r.arenaBytes, r.sets.length, r.sets[0]?.length ?? 0, r.outputBytes];
      return [new Uint8Array(Uint32Array.from(head).buffer), r.program, ...r.sets];
    });
    const run = spawnSync(this.#program, [], { input: Buffer.concat(parts), maxBuffer: 1 << 28 });
    if (run.status !== 0) throw new Error(`the engine stopped:\n${run.stderr.toString().slice(0, 4000)}`);
    let at = 0;
    const u32 = (): number => run.stdout.readUInt32LE((at += 4) - 4);
    const take = (count: number): Uint8Array => run.stdout.subarray(at, (at += count));
    return requests.map((r) => {
      const opened = u32();
      const runs = opened === 0 ? r.sets.map(() => ({ status: u32(), outputs: take(r.outputBytes) })) : [];
      return { opened, runs };
    });
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true });
  }
}
