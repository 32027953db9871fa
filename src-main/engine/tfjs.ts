import util from 'node:util';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type * as TensorFlow from '@tensorflow/tfjs';
import { fail, ok, type Result } from '../base/errors.ts';

/**
 * The one seam through which TensorFlow.js is loaded (ADR 0006): tfjs-node's native addon when it loads, else
 * plain tfjs with its WASM backend for inference and its CPU backend for what WASM cannot do (training).
 * Whoever prints a figure made with it also prints `description`.
 */
export interface Tfjs {
  readonly tf: typeof TensorFlow;
  readonly backend: TfBackend;
  /** `tfjs-node 4.22.0 (native)`: for reports. */
  readonly description: string;
}

export type TfBackend = 'native' | 'wasm' | 'cpu';
export type TfPurpose = 'inference' | 'training';

/** The backends to try for a purpose, best first. WASM has no gradient kernels for convolutions. */
const order: Record<TfPurpose, readonly TfBackend[]> = {
  inference: ['native', 'wasm', 'cpu'],
  training: ['native', 'cpu'],
};

/**
 * `only` asks for one backend and fails when it is not there; without it the best that works is taken. TensorFlow.js
 * has one current backend a process: the one opened last serves everything opened before it too.
 */
export async function openTfjs(purpose: TfPurpose, only?: TfBackend): Promise<Result<Tfjs>> {
  const tried: string[] = [];
  for (const backend of only === undefined ? order[purpose] : [only]) {
    try {
      return ok(await loaders[backend]());
    } catch (error) {
      tried.push(`${backend}: ${error instanceof Error ? error.message.split('\n')[0] : String(error)}`);
    }
  }
  return fail(
    'engine.no-tfjs-backend',
    { purpose, tried },
    'No TensorFlow.js backend could be loaded.',
    'Run npm ci, then npm run setup:tfjs.',
  );
}

/** tfjs-node 4.22 calls util functions that Node 23 removed. */
function restoreUtil(): void {
  const legacy = util as unknown as Record<string, unknown>;
  legacy.isNullOrUndefined ??= (value: unknown) => value === null || value === undefined;
  legacy.isArray = Array.isArray;
}

async function loadNative(): Promise<Tfjs> {
  restoreUtil();
  // TensorFlow's C++ side logs its CPU features on standard error otherwise
  process.env.TF_CPP_MIN_LOG_LEVEL ??= '2';
  const module = (await import('@tensorflow/tfjs-node')) as unknown as { default: typeof TensorFlow };
  const tf = module.default;
  await use(tf, 'tensorflow');
  return { tf, backend: 'native', description: `tfjs-node ${tf.version.tfjs} (native)` };
}

async function loadPlain(): Promise<typeof TensorFlow> {
  const module = (await import('@tensorflow/tfjs')) as unknown as { default: typeof TensorFlow };
  const tf = module.default;
  // else the CPU backend advertises tfjs-node on standard error
  tf.enableProdMode();
  return tf;
}

async function loadWasm(): Promise<Tfjs> {
  const tf = await loadPlain();
  const wasm = (await import('@tensorflow/tfjs-backend-wasm')) as unknown as {
    setWasmPaths(prefix: string): void;
  };
  const entry = createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm');
  wasm.setWasmPaths(join(dirname(entry), '/'));
  await use(tf, 'wasm');
  return { tf, backend: 'wasm', description: `tfjs ${tf.version.tfjs} (WASM)` };
}

async function loadCpu(): Promise<Tfjs> {
  const tf = await loadPlain();
  await use(tf, 'cpu');
  return { tf, backend: 'cpu', description: `tfjs ${tf.version.tfjs} (CPU, slow)` };
}

async function use(tf: typeof TensorFlow, name: string): Promise<void> {
  const there = await tf.setBackend(name);
  await tf.ready();
  if (!there || tf.getBackend() !== name) throw new Error(`backend ${name} did not start`);
}

const loaders: Record<TfBackend, () => Promise<Tfjs>> = { native: loadNative, wasm: loadWasm, cpu: loadCpu };
