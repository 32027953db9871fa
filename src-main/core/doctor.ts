import { execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import type { Finding } from '../contract/bench/hardware.ts';
import { checkDialout, checkModemManager, checkPort } from '../link/permissions.ts';
import { listPorts } from '../link/ports.ts';
import { boards } from './targets.ts';

const repository = join(import.meta.dirname, '../..');

const PROGRAM_ANSWERS_MS = 5000;
const TENSORFLOW_LOADS_MS = 20_000;

async function program(name: string, why: string): Promise<Finding> {
  const there = await new Promise<boolean>((resolve) =>
    execFile(name, ['--version'], { timeout: PROGRAM_ANSWERS_MS }, (error) =>
      resolve((error as NodeJS.ErrnoException | null)?.code !== 'ENOENT'),
    ),
  );
  return {
    id: `optional.${name}`,
    ok: there,
    fact: there ? `${name} is installed (${why})` : `${name} is not installed; it is needed only for: ${why}`,
    fix: there ? '' : 'npm run setup:system',
  };
}

/** What the probe prints. */
export interface TensorflowProbe {
  readonly native: boolean;
  readonly fact: string;
}

/**
 * In a process of its own: the native library greets on standard error whatever it is told, and one that was built for
 * another processor takes its process with it.
 */
async function tensorflow(): Promise<Finding> {
  // there `process.execPath` is the app: the probe would be a second window
  if (process.versions.electron)
    return {
      id: 'optional.tfjs-node',
      ok: true,
      fact: 'the desktop app does not train; `microjoule doctor` in a terminal looks for TensorFlow',
      fix: '',
    };
  const child = spawn(process.execPath, [join(import.meta.dirname, 'tfjs-probe.ts')], {
    stdio: ['ignore', 'pipe', 'ignore'],
    timeout: TENSORFLOW_LOADS_MS,
    env: { ...process.env, TF_CPP_MIN_LOG_LEVEL: '3' },
  });
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text));
  const ended = await new Promise<string>((resolve) => {
    child.once('error', (e) => resolve(e.message));
    child.once('close', (code, signal) => resolve(signal ?? `code ${code}`));
  });
  let probe: TensorflowProbe;
  try {
    probe = JSON.parse(said) as TensorflowProbe;
  } catch {
    probe = { native: false, fact: `TensorFlow.js does not load: its process ended with ${ended}` };
  }
  return {
    id: 'optional.tfjs-node',
    ok: probe.native,
    fact: probe.fact,
    fix: probe.native ? '' : 'npm run setup:tfjs (needed only for training)',
  };
}

async function serialPorts(): Promise<Finding[]> {
  const list = await listPorts(boards);
  if (!list.ok) return [{ id: list.id, ok: false, fact: list.cause, fix: list.next }];
  const known = list.value.filter((p) => p.device);
  const summary: Finding = {
    id: 'ports',
    ok: true,
    fact: known.length
      ? `${known.length} known device(s): ${known.map((p) => `${p.device!.name} on ${p.path}`).join(', ')}`
      : 'no known board or monitor is plugged in; the emulated bench is always there',
    fix: '',
  };
  return [summary, ...known.map((p) => checkPort(p.path))];
}

/** Permissions, ports and optional parts of this computer; each finding with its fix. Changes nothing. */
export async function examine(): Promise<Finding[]> {
  const { username, uid } = userInfo();
  const groups = process.getgroups?.() ?? [];
  const prebuilt = join(repository, 'firmware/prebuilt/pico/microjoule-pico.bin');
  const asked = await Promise.all([
    serialPorts(),
    tensorflow(),
    program('socat', 'PTYs for third-party clients (emulate --pty)'),
    program('espeak-ng', 'making the SYN-KWS data set'),
    program('arm-none-eabi-gcc', 'rebuilding the firmware'),
    program('clang', 'rebuilding the WASM modules'),
  ]);
  return [
    { id: 'node', ok: true, fact: `Node ${process.versions.node}`, fix: '' },
    {
      id: 'firmware',
      ok: existsSync(prebuilt),
      fact: existsSync(prebuilt)
        ? 'the prebuilt Pico firmware is there'
        : 'the prebuilt Pico firmware is missing',
      fix: existsSync(prebuilt) ? '' : 'npm run build:firmware',
    },
    ...(process.platform === 'linux'
      ? [checkDialout({ name: username, uid, groups }), checkModemManager()]
      : []),
    ...asked.flat(),
  ];
}
