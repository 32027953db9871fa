/**
 * The harness and engine built with the host's C compiler, as a process: a DUT for tests over stdin and stdout
 * (`process:` links). Needs needs.hostCc.
 */
import { spawn, spawnSync, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { engineFolders } from '../scripts/engine-sources.ts';
import { root } from './needs.ts';

const firmware = join(root, 'firmware');
const folders = [
  ...engineFolders().map((f) => f.replace('firmware/', '')),
  ...['engine/frontend', 'harness', 'ports/host'],
];
const flags = [
  '-std=gnu11',
  '-O1',
  '-g',
  '-fno-strict-aliasing',
  '-ffp-contract=off',
  '-Wall',
  '-Wextra',
  '-Werror',
  '-Wconversion',
];
const sanitizers = ['-fsanitize=address,undefined', '-fno-sanitize-recover=all'];

/** Path of the built program; built once for each state of the sources. */
export function buildHostDut(options: { readonly sanitized?: boolean } = {}): string {
  const args = options.sanitized ? [...flags, ...sanitizers] : flags;
  const files = folders.flatMap((d) =>
    readdirSync(join(firmware, d))
      .filter((f) => /\.[ch]$/.test(f))
      .map((f) => join(d, f)),
  );
  const hash = createHash('sha256').update(args.join(' '));
  for (const f of files.sort()) hash.update(`${f}\0`).update(readFileSync(join(firmware, f)));
  const cache = join(root, '.cache', 'host-dut');
  const program = join(cache, `microjoule-dut-${hash.digest('hex').slice(0, 16)}`);
  if (existsSync(program)) return program;
  mkdirSync(cache, { recursive: true });
  const sources = files.filter((f) => f.endsWith('.c'));
  const building = `${program}.${process.pid}`;
  const run = spawnSync('gcc', [...args, '-o', building, ...sources], { cwd: firmware, encoding: 'utf8' });
  if (run.status !== 0) throw new Error(`gcc failed:\n${run.stderr}`);
  renameSync(building, program);
  return program;
}

export interface HostDutOptions {
  readonly sanitized?: boolean;
  /** Record pin changes; see `pins`. */
  readonly pins?: boolean;
}

export class HostDut implements AsyncDisposable {
  readonly #dir = mkdtempSync(join(tmpdir(), 'microjoule-dut-'));
  readonly #child: ChildProcessWithoutNullStreams;
  #text = '';
  #stderr = '';
  #wake: (() => void) | undefined;
  #ended = false;

  /** `image`: the flash from its base on, as `Image.bin`. */
  constructor(image: Uint8Array, options: HostDutOptions = {}) {
    const path = join(this.#dir, 'image.bin');
    writeFileSync(path, image);
    const pinArgs = options.pins ? ['--pins', join(this.#dir, 'pins')] : [];
    this.#child = spawn(buildHostDut(options), [path, ...pinArgs]);
    this.#child.stdout.on('data', (b: Buffer) => {
      this.#text += b.toString('latin1');
      this.#wake?.();
    });
    this.#child.stderr.on('data', (b: Buffer) => (this.#stderr += b.toString('utf8')));
    this.#child.stdin.on('error', () => {});
    this.#child.on('close', () => {
      this.#ended = true;
      this.#wake?.();
    });
  }

  write(bytes: Uint8Array | string): void {
    this.#child.stdin.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes);
  }

  /** What was printed up to and with `mark`; throws when the process ends or 20 s pass first. */
  async until(mark: string): Promise<string> {
    const deadline = Date.now() + 20_000;
    for (;;) {
      const at = this.#text.indexOf(mark);
      if (at >= 0) {
        const got = this.#text.slice(0, at + mark.length);
        this.#text = this.#text.slice(at + mark.length);
        return got;
      }
      if (this.#ended || Date.now() > deadline)
        throw new Error(
          `no "${mark}"; heard ${JSON.stringify(this.#text.slice(-500))}; ${this.#stderr.slice(-2000)}`,
        );
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 1000);
        this.#wake = () => (clearTimeout(timer), resolve());
      });
    }
  }

  /** Reply lines of the boot or of one command, without the final m-ready. */
  async lines(command?: string): Promise<string[]> {
    if (command !== undefined) this.write(`${command}%`);
    return (await this.until('m-ready\r\n')).split('\r\n').slice(0, -2);
  }

  /** `[us, levels]` of every change so far; the bits of firmware/harness/port.h. */
  pins(): (readonly [number, number])[] {
    const rows = readFileSync(join(this.#dir, 'pins'), 'utf8').trim().split('\n');
    return rows.map((r) => r.split(' ').map(Number) as unknown as readonly [number, number]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#ended) {
      const closed = new Promise<void>((resolve) => this.#child.once('close', () => resolve()));
      this.#child.stdin.end();
      const kill = setTimeout(() => this.#child.kill('SIGKILL'), 2000);
      await closed;
      clearTimeout(kill);
    }
    rmSync(this.#dir, { recursive: true, force: true });
  }

  /** Exit code once ended; sanitizer failures give a non-zero one. */
  get exitCode(): number | null {
    return this.#child.exitCode;
  }

  get stderr(): string {
    return this.#stderr;
  }
}
