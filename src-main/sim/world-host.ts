/**
 * Where the world runs: in this thread or in a worker. Both take the same calls in the same order, so what the
 * product sees is the same. Calls without an answer are sent and forgotten; order is kept.
 */
import { Worker } from 'node:worker_threads';
import { coreModule } from './pico/core/core.ts';
import type { RamPage, Uf2Page } from './pico/uf2.ts';
import type { CodeCounts } from './code-counts.ts';
import type { RunRecorder } from './replay.ts';
import { carryOut, type WorldAnswer, type WorldCall, type WorldWorkerData } from './world-calls.ts';
import { World, type AdvanceReply, type AdvanceRequest, type WireName, type WorldOptions } from './world.ts';

export interface WorldHost extends AsyncDisposable {
  advance(request: AdvanceRequest): Promise<AdvanceReply>;
  write(wire: WireName, bytes: Uint8Array): void;
  setBaud(wire: 'dut' | 'uart1' | 'usb', baud: number): void;
  program(pages: readonly Uf2Page[]): void;
  loadRam(pages: readonly RamPage[]): Promise<boolean>;
  reset(): Promise<boolean>;
  setUsbPlugged(plugged: boolean): void;
  unplugMonitor(): void;
  startCodeCounts(operators: number | null): void;
  takeCodeCounts(): Promise<CodeCounts>;
  chargeC(fromUs: number, toUs: number): Promise<number>;
  energyJ(fromUs: number, toUs: number): Promise<number>;
}

/** Sends calls; `ask` waits for the answer. */
abstract class CallingHost implements WorldHost {
  readonly #recorder: RunRecorder | null;
  protected abstract carry(call: WorldCall): void;
  protected abstract query(call: WorldCall): Promise<WorldAnswer>;
  abstract [Symbol.asyncDispose](): Promise<void>;

  constructor(recorder: RunRecorder | null) {
    this.#recorder = recorder;
  }

  protected send(call: WorldCall): void {
    this.#recorder?.called(call);
    this.carry(call);
  }

  protected ask(call: WorldCall): Promise<WorldAnswer> {
    this.#recorder?.called(call);
    return this.query(call);
  }

  async advance(request: AdvanceRequest): Promise<AdvanceReply> {
    const reply = (await this.ask({ call: 'advance', request })) as AdvanceReply;
    this.#recorder?.advanced(reply.nowUs, reply.hashes);
    return reply;
  }
  write(wire: WireName, bytes: Uint8Array): void {
    this.send({ call: 'write', wire, bytes });
  }
  setBaud(wire: 'dut' | 'uart1' | 'usb', baud: number): void {
    this.send({ call: 'setBaud', wire, baud });
  }
  program(pages: readonly Uf2Page[]): void {
    this.send({ call: 'program', pages });
  }
  async loadRam(pages: readonly RamPage[]): Promise<boolean> {
    return (await this.ask({ call: 'loadRam', pages })) as boolean;
  }
  async reset(): Promise<boolean> {
    return (await this.ask({ call: 'reset' })) as boolean;
  }
  setUsbPlugged(plugged: boolean): void {
    this.send({ call: 'setUsbPlugged', plugged });
  }
  unplugMonitor(): void {
    this.send({ call: 'unplugMonitor' });
  }
  startCodeCounts(operators: number | null): void {
    this.send({ call: 'startCodeCounts', operators });
  }
  async takeCodeCounts(): Promise<CodeCounts> {
    return (await this.ask({ call: 'takeCodeCounts' })) as CodeCounts;
  }
  async chargeC(fromUs: number, toUs: number): Promise<number> {
    return (await this.ask({ call: 'chargeC', fromUs, toUs })) as number;
  }
  async energyJ(fromUs: number, toUs: number): Promise<number> {
    return (await this.ask({ call: 'energyJ', fromUs, toUs })) as number;
  }
}

export class InProcessHost extends CallingHost {
  readonly world: World;

  constructor(options: WorldOptions, recorder: RunRecorder | null = null) {
    super(recorder);
    this.world = new World(options);
  }

  protected carry(call: WorldCall): void {
    carryOut(this.world, call);
  }
  protected async query(call: WorldCall): Promise<WorldAnswer> {
    return carryOut(this.world, call);
  }
  async [Symbol.asyncDispose](): Promise<void> {
    // nothing runs between calls
  }
}

interface Pending {
  readonly resolve: (answer: WorldAnswer) => void;
  readonly reject: (reason: Error) => void;
}

/** The world in a worker thread: the product's own work goes on while it computes. */
export class WorkerHost extends CallingHost {
  readonly #worker: Worker;
  readonly #pending: Pending[] = [];
  #ended: Error | null = null;
  #closing = false;

  constructor(options: WorldOptions, recorder: RunRecorder | null = null) {
    super(recorder);
    this.#worker = new Worker(new URL('./worker.ts', import.meta.url), {
      workerData: { options, core: coreModule() } satisfies WorldWorkerData,
    });
    this.#worker.on('message', (answer: WorldAnswer) => this.#pending.shift()?.resolve(answer));
    this.#worker.on('error', (e) => this.#fail(e instanceof Error ? e : new Error(String(e))));
    this.#worker.on('exit', () => this.#fail(new Error('the worker of the simulated world has ended')));
    // A bench that was forgotten must not keep the program alive
    this.#worker.unref();
  }

  protected carry(call: WorldCall): void {
    if (!this.#ended) this.#worker.postMessage(call);
  }

  protected query(call: WorldCall): Promise<WorldAnswer> {
    if (this.#ended) return Promise.reject(this.#ended);
    this.#worker.ref();
    return new Promise<WorldAnswer>((resolve, reject) => {
      this.#pending.push({ resolve, reject });
      this.#worker.postMessage(call);
    }).finally(() => this.#pending.length === 0 && !this.#closing && this.#worker.unref());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended ??= new Error('the bench was closed');
    // Whoever awaits the end must not find the event loop empty before it comes
    this.#closing = true;
    this.#worker.ref();
    await this.#worker.terminate();
  }

  #fail(reason: Error): void {
    this.#ended ??= reason;
    for (const p of this.#pending.splice(0)) p.reject(reason);
  }
}
