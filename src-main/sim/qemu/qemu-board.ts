import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '../../base/clock.ts';
import { fail, ok, type Result } from '../../base/errors.ts';
import type { BoardDescriptor } from '../../board/board.ts';
import { closedFailure, writeFailure } from '../../link/closed.ts';
import { ByteInbox } from '../../link/inbox.ts';
import type { Link, LinkRead, ReadRequest } from '../../link/link.ts';
import type { Programmer } from '../../link/programmer.ts';
import { qemuMachineOf, type QemuMachine } from './machines.ts';

const STDERR_KEPT = 2000;
const KILL_MS = 500;
const ELF_MARK = 0x7f45_4c46;

/**
 * A board in QEMU: a child process whose standard input and output are the board's UART. Programming and reset start
 * the process anew behind the same link. Nothing runs before the first image.
 */
export interface QemuBoard extends AsyncDisposable {
  readonly link: Link;
  readonly programmer: Programmer;
}

/** Fails with `sim.no-qemu-machine` for a board that QEMU does not have. */
export function openQemuBoard(board: BoardDescriptor, clock: Clock): Result<QemuBoard> {
  const machine = qemuMachineOf(board);
  if (machine === null)
    return fail(
      'sim.no-qemu-machine',
      { board: board.id },
      'QEMU is not started for this board.',
      'Choose one of the targets that `microjoule targets` calls QEMU.',
    );
  return ok(new Qemu(board, machine, clock));
}

function noQemu(machine: QemuMachine, reason: string): Result<never> {
  return fail(
    'sim.no-qemu',
    { program: machine.program, reason },
    `${machine.program} could not be started: the emulator of this target is not installed.`,
    `Install it (Debian: apt install ${machine.package}; all at once: npm run setup:system).`,
  );
}

class Qemu implements QemuBoard, Link {
  readonly address: string;
  readonly clock: Clock;
  /** What runs is counted in instructions; when bytes arrive is up to this computer. */
  readonly deterministic = false;
  readonly link: Link = this;
  readonly programmer: Programmer;
  readonly #machine: QemuMachine;
  readonly #inbox = new ByteInbox();
  readonly #folder = mkdtempSync(join(tmpdir(), 'microjoule-qemu-'));
  #child: ChildProcess | undefined;
  #programmed = false;
  #disposing: Promise<void> | undefined;

  constructor(board: BoardDescriptor, machine: QemuMachine, clock: Clock) {
    this.address = `qemu:${board.id}`;
    this.clock = clock;
    this.#machine = machine;
    this.programmer = {
      kind: 'sim',
      program: (elf) => this.#program(elf),
      reset: () => this.#reset(),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  }

  write(bytes: Uint8Array): Promise<Result<void>> {
    const end = this.#inbox.ended;
    if (end) return Promise.resolve(closedFailure(this.address, end.reason, end.expected));
    const { stdin } = this.#child ?? {};
    if (!stdin) return Promise.resolve(ok()); // a board without an image: nobody listens
    return new Promise((resolve) => {
      stdin.write(bytes, (e) => resolve(e ? writeFailure(this.address, e.message) : ok()));
    });
  }

  read(request: ReadRequest): Promise<LinkRead> {
    return this.#inbox.read(request, this.clock);
  }

  setBaud(): Promise<Result<void>> {
    return Promise.resolve(ok());
  }

  discardInput(): number {
    return this.#inbox.discard();
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#disposing ??= this.#close();
    return this.#disposing;
  }

  async #close(): Promise<void> {
    this.#inbox.close('closed here', true);
    await this.#stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  get #image(): string {
    return join(this.#folder, 'image.elf');
  }

  async #program(elf: Uint8Array): Promise<Result<void>> {
    const mark = elf.length >= 4 ? new DataView(elf.buffer, elf.byteOffset).getUint32(0, false) : 0;
    if (mark !== ELF_MARK)
      return fail(
        'sim.not-an-elf',
        { bytes: elf.length },
        'QEMU loads ELF files; this is none.',
        'Build the image for this target.',
      );
    await this.#stop();
    writeFileSync(this.#image, elf);
    this.#programmed = true;
    return this.#start();
  }

  async #reset(): Promise<Result<void>> {
    if (!this.#programmed) return ok();
    await this.#stop();
    return this.#start();
  }

  #start(): Promise<Result<void>> {
    const { program, args } = this.#machine;
    return new Promise((resolve) => {
      const child = spawn(program, [...args, '-kernel', this.#image], { stdio: ['pipe', 'pipe', 'pipe'] });
      let stderr = '';
      child.stderr.on('data', (b: Buffer) => (stderr = (stderr + b.toString('utf8')).slice(-STDERR_KEPT)));
      child.stdout.on('data', (bytes: Buffer) => {
        if (this.#child === child) this.#inbox.push(bytes);
      });
      // a host that ends without disposing leaves no emulator behind; of a killed one nothing can be said
      const atExit = () => child.kill('SIGKILL');
      process.once('exit', atExit);
      child.once('close', () => process.off('exit', atExit));
      child.stdin.on('error', () => undefined); // told by the write, or by the end of the process
      child.once('error', (e) => resolve(noQemu(this.#machine, e.message)));
      child.once('spawn', () => {
        this.#child = child;
        resolve(ok());
      });
      child.once('close', (code, signal) => {
        if (this.#child !== child) return;
        const how = signal ? `was ended by ${signal}` : `ended with code ${code}`;
        this.#inbox.close(`QEMU ${how}${stderr.trim() ? `: ${stderr.trim().slice(-300)}` : ''}`, false);
      });
    });
  }

  /** What the old process still says belongs to nobody. */
  async #stop(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    await new Promise<void>((resolve) => {
      const kill = setTimeout(() => child.kill('SIGKILL'), KILL_MS);
      child.once('exit', () => {
        clearTimeout(kill);
        resolve();
      });
      child.kill('SIGTERM');
    });
  }
}
