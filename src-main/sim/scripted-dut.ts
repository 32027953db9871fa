import { commandSplitter } from '../link/framing.ts';
import type { Link } from '../link/link.ts';
import { FaultPlan, type DutFault } from './scripted-faults.ts';
import { outputLines, ScriptedUpload } from './scripted-upload.ts';

export type { DutFault } from './scripted-faults.ts';

/**
 * A device under test made of a script: speaks the MLPerf Tiny dialect, and `mj` when asked, over any Link, with
 * whatever faults. A test double for the line and its dirt; it computes nothing (the emulated board does that).
 */
export interface DutScript {
  readonly mode?: 'performance' | 'energy';
  readonly vendor?: string;
  readonly model?: string;
  /** µs an inference takes on the link's clock. */
  readonly inferenceUs?: number;
  /** Value of the DUT's 32-bit counter at time 0 of the link's clock. */
  readonly counterAtZeroUs?: number;
  readonly bufferBytes?: number;
  /** What `m-results` prints for the loaded input. */
  readonly results?: (input: Uint8Array) => readonly number[];
  readonly mj?: ScriptedMj;
  /** Prints the boot lines when it starts. */
  readonly boots?: boolean;
  /** How long it takes to boot; what is sent to it meanwhile is lost. */
  readonly bootUs?: number;
  /** After `mj baud N` was answered: what a line between the two sides would do. */
  readonly onBaud?: (baud: number) => void;
  /** An interface board stands before the DUT. */
  readonly interfaceBoard?: boolean;
  readonly faults?: readonly DutFault[];
}

export interface ScriptedMj {
  /** Body of `m-mj-id-[…]`. */
  readonly id: string;
  readonly opCycles?: readonly number[];
  readonly output?: (input: Uint8Array) => Uint8Array;
  /** Largest Program it takes. */
  readonly programBytes?: number;
}

/** What a test asks the double afterwards. */
export interface DutWitness {
  readonly commands: readonly string[];
  readonly input: Uint8Array;
  readonly programs: readonly Uint8Array[];
  readonly boots: number;
  /** Resets the idle device, as its button would. */
  restart(): Promise<void>;
}

const COMMAND_BUFFER = 80;
const DEFAULT_BUFFER_BYTES = 27648;

class Interrupted extends Error {
  readonly bootUs: number;
  constructor(bootUs: number) {
    super('reset');
    this.bootUs = bootUs;
  }
}

export class ScriptedDut implements DutWitness {
  readonly commands: string[] = [];
  readonly programs: Uint8Array[] = [];
  boots = 0;
  readonly #link: Link;
  readonly #script: DutScript;
  readonly #faults: FaultPlan;
  readonly #splitter = commandSplitter();
  readonly #buffer: Uint8Array;
  #expected = 0;
  #received = 0;
  #resetAtUs = Infinity;
  #resetBootUs = 0;
  #unplugAtUs = Infinity;
  #upload: ScriptedUpload | null = null;

  constructor(link: Link, script: DutScript) {
    this.#link = link;
    this.#script = script;
    this.#faults = new FaultPlan(script.faults ?? []);
    this.#buffer = new Uint8Array(script.bufferBytes ?? DEFAULT_BUFFER_BYTES);
  }

  get input(): Uint8Array {
    return this.#buffer.subarray(0, this.#expected);
  }

  /** Serves the link until it ends. */
  async run(): Promise<void> {
    if (this.#script.boots ?? true) {
      await this.#link.clock.sleepUntilUs(this.#link.clock.nowUs() + (this.#script.bootUs ?? 0));
      this.#link.discardInput();
      await this.#boot();
    }
    for (;;) {
      const read = await this.#link.read({ deadlineUs: Infinity });
      if (read.kind === 'closed') return;
      if (read.kind === 'timeout') continue;
      if (!(await this.#receive(read.bytes))) return;
    }
  }

  restart(): Promise<void> {
    return this.#boot();
  }

  /** False once it unplugged itself. */
  async #receive(bytes: Uint8Array): Promise<boolean> {
    try {
      if (this.#upload) await this.#uploadBytes(this.#upload, bytes);
      else for (const command of this.#splitter.push(bytes)) await this.#command(command);
    } catch (e) {
      if (!(e instanceof Interrupted)) throw e;
      if (e.bootUs === Infinity) {
        await this.#link[Symbol.asyncDispose]();
        return false;
      }
      await this.#link.clock.sleepUntilUs(this.#link.clock.nowUs() + e.bootUs);
      await this.#boot();
    }
    return true;
  }

  async #boot(): Promise<void> {
    this.boots++;
    this.#splitter.reset();
    this.#upload = null;
    this.#resetAtUs = this.#unplugAtUs = Infinity;
    for (let i = 0; i < (this.#faults.has('two-prologues') ? 2 : 1); i++) {
      const lap = this.#script.mode === 'energy' ? [] : [`m-lap-us-${this.#counterUs()}`];
      await this.#say(
        `m-timestamp-mode-${this.#script.mode ?? 'performance'}`,
        ...lap,
        'm-init-done',
        'm-ready',
      );
    }
  }

  async #command(sent: string): Promise<void> {
    const drop = this.#faults.take('drop-byte', sent);
    let command = drop ? sent.slice(0, drop.nth) + sent.slice(drop.nth + 1) : sent;
    const change = this.#faults.take('change', command);
    if (change) command = command.replace(change.command, change.replace);
    if (command.length > COMMAND_BUFFER) command = command.slice(0, COMMAND_BUFFER);
    this.commands.push(command);
    if (this.#faults.take('silent', command)) return;
    this.#armInterruption(command);
    if (this.#script.interfaceBoard) {
      if (!command.startsWith('dut ')) return this.#sayBoard(`e-[Unknown command: ${command}]`, 'm-ready');
      command = command.slice(4);
      await this.#sayBoard(`m-dut-passthrough(${command})`, 'm-ready');
    }
    const late = this.#faults.take('late', command);
    if (late) await this.#pass(late.delayUs);
    const chatter = this.#faults.of('chatter')[0];
    if (chatter) return this.#chatter(chatter.text, chatter.everyUs);
    const other = this.#faults.of('other-program')[0];
    if (other) return this.#say(other.text);
    if (this.#faults.has('echo')) await this.#sendText(command);
    await this.#answer(command);
    if (this.#upload) return;
    await this.#say('m-ready');
    if (this.#faults.has('double-ready')) await this.#say('m-ready');
    const baud = /^mj baud (\d+)$/.exec(command)?.[1];
    if (baud === undefined || !this.#script.onBaud) return;
    await this.#pass(5_000);
    this.#script.onBaud(Number(baud));
  }

  #armInterruption(command: string): void {
    const reset = this.#faults.take('reset', command);
    if (reset) {
      this.#resetAtUs = this.#link.clock.nowUs() + reset.afterUs;
      this.#resetBootUs = reset.bootUs;
    }
    const unplug = this.#faults.take('unplug', command);
    if (unplug) this.#unplugAtUs = this.#link.clock.nowUs() + unplug.afterUs;
  }

  async #chatter(text: string, everyUs: number): Promise<void> {
    // Bounded, so that a test that fails does not run for ever.
    for (let i = 0; i < 10_000; i++) {
      await this.#say(text);
      await this.#pass(everyUs);
    }
  }

  /** Time passes on the device, up to a planned reset or unplugging. */
  async #pass(us: number): Promise<void> {
    const untilUs = this.#link.clock.nowUs() + us;
    const stopUs = Math.min(this.#resetAtUs, this.#unplugAtUs);
    await this.#link.clock.sleepUntilUs(Math.min(untilUs, stopUs));
    this.#checkInterruption();
  }

  #checkInterruption(): void {
    const nowUs = this.#link.clock.nowUs();
    if (nowUs >= this.#unplugAtUs) throw new Interrupted(Infinity);
    if (nowUs >= this.#resetAtUs) throw new Interrupted(this.#resetBootUs);
  }

  #counterUs(): number {
    return Math.floor((this.#script.counterAtZeroUs ?? 0) + this.#link.clock.nowUs()) % 2 ** 32;
  }

  async #answer(command: string): Promise<void> {
    const [word, ...args] = command.split(' ');
    if (word === 'name') return this.#say(`m-name-dut-[${this.#script.vendor ?? 'scripted'}]`);
    if (word === 'profile')
      return this.#say(
        'm-profile-[ULPMark for tinyML Firmware V0.0.1]',
        `m-model-[${this.#script.model ?? 'kws01'}]`,
      );
    if (word === 'timestamp')
      return this.#script.mode === 'energy' ? undefined : this.#say(`m-lap-us-${this.#counterUs()}`);
    if (word === 'db') return this.#db(args);
    if (word === 'infer') return this.#infer(args);
    if (word === 'results') return this.#say(this.#resultsLine());
    if (word === 'mj' && this.#script.mj) return this.#mj(this.#script.mj, args);
    return this.#say(`e-[Unknown command: ${word}]`);
  }

  async #db(args: readonly string[]): Promise<void> {
    if (args[0] === 'load') {
      const bytes = Number(args[1]);
      if (!(bytes > 0)) return this.#say(`e-[Command 'db load' must be >0 bytes]`);
      if (bytes > this.#buffer.length)
        return this.#sendText(`Supplied buffer size ${bytes} exceeds maximum of ${this.#buffer.length}\n`);
      this.#expected = bytes;
      this.#received = 0;
      return this.#say(`m-[Expecting ${bytes} bytes]`);
    }
    if (args[0] === 'print') return this.#say(...printed(this.input));
    return this.#dbHex(args[0] ?? '');
  }

  async #dbHex(digits: string): Promise<void> {
    for (let i = 0; i < digits.length; i += 2) {
      const pair = digits.slice(i, i + 2);
      if (pair.length < 2) return this.#say('e-[Insufficent number of hex digits]');
      if (!/^[0-9a-fA-F]{2}$/.test(pair)) return this.#say(`e-[Invalid hex digit '${pair}']`);
      if (this.#received >= this.#expected) return;
      this.#buffer[this.#received++] = parseInt(pair, 16);
      if (this.#received === this.#expected) await this.#say('m-load-done');
    }
  }

  async #infer(args: readonly string[]): Promise<void> {
    const iterations = Number(args[0]);
    const warmup = args[1] === undefined ? 10 : Number(args[1]);
    if (!(iterations > 0)) return this.#say('e-[Inference iterations must be >0]');
    const inferenceUs = this.#script.inferenceUs ?? 10_000;
    const lap = () => (this.#script.mode === 'energy' ? [] : [`m-lap-us-${this.#counterUs()}`]);
    await this.#say(`m-warmup-start-${warmup}`);
    await this.#pass(warmup * inferenceUs);
    await this.#say('m-warmup-done', `m-infer-start-${iterations}`, ...lap());
    await this.#pass(iterations * inferenceUs);
    await this.#say(...lap(), 'm-infer-done', this.#resultsLine());
  }

  #resultsLine(): string {
    const scores = this.#script.results?.(this.input) ?? [0.1, 0.7, 0.2];
    return `m-results-[${scores.map((s) => s.toFixed(3)).join(',')}]`;
  }

  async #mj(mj: ScriptedMj, args: readonly string[]): Promise<void> {
    const cycles = mj.opCycles ?? [1200, 3400];
    const output = mj.output?.(this.input) ?? Uint8Array.of(1, 2, 3);
    switch (args[0]) {
      case 'id':
        return this.#say(`m-mj-id-[${mj.id}]`);
      case 'arena':
        return this.#say('m-mj-arena-[high=4096,size=65536]');
      case 'paint':
        return this.#say('m-mj-paint-done');
      case 'prof':
        await this.#pass(this.#script.inferenceUs ?? 10_000);
        return this.#say(
          ...cycles.map((c, i) => `m-mj-op-[${i},${i + 1},${c}]`),
          `m-mj-total-[${cycles.reduce((a, b) => a + b, 0)}]`,
        );
      case 'out':
        return this.#say(...outputLines(output));
      case 'load':
        return this.#beginUpload(mj, args[1] ?? '', Number(args[2]));
      case 'line':
        return this.#say('m-mj-line-[overruns=1,framing=2,dropped=3]');
      case 'baud':
        return this.#say(`m-mj-baud-[${args[1]}]`);
      case 'reset':
        await this.#say('m-mj-reset');
        throw new Interrupted(1000);
      default:
        return this.#say(`e-[mj ${args[0]}: unknown word]`);
    }
  }

  async #beginUpload(mj: ScriptedMj, kind: string, count: number): Promise<void> {
    const room = kind === 'input' ? this.#buffer.length : kind === 'program' ? (mj.programBytes ?? 65536) : 0;
    if (!(count > 0) || count > room) return this.#say(`e-[mj load: no room for ${count} bytes of ${kind}]`);
    this.#upload = new ScriptedUpload(kind, count);
    await this.#say(`m-mj-load-[${kind},${count}]`);
  }

  async #uploadBytes(upload: ScriptedUpload, bytes: Uint8Array): Promise<void> {
    const lines = upload.receive(bytes);
    if (upload.state !== 'open') this.#upload = null;
    if (upload.state === 'complete' && upload.kind === 'program') this.programs.push(upload.bytes);
    if (upload.state === 'complete' && upload.kind === 'input') {
      this.#buffer.set(upload.bytes);
      this.#expected = this.#received = upload.bytes.length;
    }
    await this.#say(...lines);
  }

  async #say(...lines: string[]): Promise<void> {
    for (const line of lines) {
      this.#checkInterruption();
      const prefix = this.#script.interfaceBoard ? '[dut]: ' : '';
      const noise = this.#faults.of('noise')[0];
      if (noise) await this.#sendText(`${noise.text}\r\n`);
      const coloured = this.#faults.has('ansi') ? `\x1b[32m${line}\x1b[0m` : line;
      await this.#sendText(`${prefix}${this.#faults.has('nul') ? '\0' : ''}${coloured}\r\n`);
    }
  }

  async #sayBoard(...lines: string[]): Promise<void> {
    for (const line of lines) await this.#sendText(`${line}\r\n`);
  }

  async #sendText(text: string): Promise<void> {
    const damage = this.#faults.take('damage', text);
    const bytes = Buffer.from(damage ? text.replace(damage.match, damage.replace) : text, 'latin1');
    // A receiver that samples at another rate sees bits of several characters in one: bytes all over the range.
    await this.#link.write(this.#faults.has('garbage') ? bytes.map((b) => (b * 167 + 129) & 0xff) : bytes);
  }
}

/** Starts a scripted DUT on the link; `done` settles when the link ended. */
export function serveScriptedDut(
  link: Link,
  script: DutScript,
): { readonly dut: DutWitness; readonly done: Promise<void> } {
  const dut = new ScriptedDut(link, script);
  return { dut, done: dut.run() };
}

function printed(bytes: Uint8Array): string[] {
  const lines: string[] = [];
  for (let i = 0; i < bytes.length; i += 8)
    lines.push(
      `m-buffer-${[...bytes.subarray(i, i + 8)].map((b) => b.toString(16).padStart(2, '0')).join('-')}`,
    );
  return lines;
}
