/** Everything random graphs are asked of. A core's own runner goes here when its board can be emulated. */
import { spawnSync } from 'node:child_process';
import { onCore, type CoreId } from '../../../src-main/board/board.ts';
import { pico } from '../../../src-main/board/pico.ts';
import { qemuBoards } from '../../../src-main/board/qemu.ts';
import { buildsFor } from '../../qemu/needs.ts';
import { NativeEngine } from '../../unit/engine/native-engine.ts';
import type { GraphRunner } from './graph-runner.ts';
import { M0Runner } from './m0-runner.ts';
import { NativeRunner } from './native-runner.ts';
import { qemuRunner } from './qemu-runner.ts';
import { twinRunner } from './twin-runner.ts';

const has = (program: string): boolean => spawnSync(program, ['--version']).status === 0;

/** Kernels of these cores also run here, in their portable form and with their own packed constants. */
const portable: readonly CoreId[] = ['m0plus', 'm4f', 'm7', 'm55', 'rv32imc', 'wasm'];

export interface Runners extends Disposable {
  readonly all: readonly GraphRunner[];
  /** Names of those that this machine lacks a program for. */
  readonly missing: readonly string[];
}

/** `only`: the name of the one that is wanted. */
export function openRunners(only?: string): Runners {
  const stack = new DisposableStack();
  const all: GraphRunner[] = [];
  const missing: string[] = [];
  const offer = (name: string, program: string | null, open: () => GraphRunner): void => {
    if (only !== undefined && only !== name) return;
    if (program === null || has(program)) all.push(stack.use(open()));
    else missing.push(`${name} (${program})`);
  };
  let sanitized: NativeEngine | null = null;
  offer('m0plus in the twin', null, () => twinRunner('m0plus in the twin', pico));
  offer('wasm in the twin', null, () => twinRunner('wasm in the twin', onCore(pico, 'wasm')));
  offer('m0plus emulated', 'arm-none-eabi-gcc', () => new M0Runner());
  for (const core of portable) {
    const name = `${core} sanitized`;
    offer(name, 'gcc', () => {
      sanitized ??= stack.use(new NativeEngine());
      return new NativeRunner(name, onCore(pico, core), sanitized);
    });
  }
  for (const board of qemuBoards) {
    const lacking = buildsFor(board).filter((need) => !need.met);
    if (lacking.length === 0) offer(`${board.id} in QEMU`, null, () => qemuRunner(board));
    else if (only === undefined)
      missing.push(`${board.id} in QEMU (${lacking.map((n) => n.name).join(', ')})`);
  }
  return { all, missing, [Symbol.dispose]: () => stack.dispose() };
}
