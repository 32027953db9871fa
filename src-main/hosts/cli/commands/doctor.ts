import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { pico } from '../../../board/pico.ts';
import { openTfjs } from '../../../engine/tfjs.ts';
import { checkDialout, checkModemManager, checkPort, type Finding } from '../../../link/permissions.ts';
import { listPorts } from '../../../link/ports.ts';
import type { CommandContext } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';

const repository = join(import.meta.dirname, '../../../..');

function program(name: string, why: string): Finding {
  const there = spawnSync(name, ['--version'], { stdio: 'ignore', timeout: 5000 }).error === undefined;
  return {
    id: `optional.${name}`,
    ok: there,
    fact: there ? `${name} is installed (${why})` : `${name} is not installed; it is needed only for: ${why}`,
    fix: there ? '' : 'npm run setup:system',
  };
}

async function tensorflow(): Promise<Finding> {
  const tf = await openTfjs('training');
  const native = tf.ok && tf.value.backend === 'native';
  return {
    id: 'optional.tfjs-node',
    ok: native,
    fact: tf.ok ? `TensorFlow.js runs on ${tf.value.description}` : `TensorFlow.js does not load: ${tf.id}`,
    fix: native ? '' : 'npm run setup:tfjs (needed only for training)',
  };
}

async function serialPorts(): Promise<Finding[]> {
  const list = await listPorts([pico]);
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

// TensorFlow's library greets on standard error; a doctor speaks alone
process.env.TF_CPP_MIN_LOG_LEVEL ??= '3';

export async function doctor({ output }: CommandContext): Promise<number> {
  const { username, uid } = userInfo();
  const groups = process.getgroups?.() ?? [];
  const prebuilt = join(repository, 'firmware/prebuilt/pico/microjoule-pico.bin');
  const findings: Finding[] = [
    { id: 'node', ok: true, fact: `Node ${process.versions.node}`, fix: '' },
    {
      id: 'firmware',
      ok: existsSync(prebuilt),
      fact: existsSync(prebuilt) ? 'the prebuilt Pico firmware is there' : 'the prebuilt Pico firmware is missing',
      fix: existsSync(prebuilt) ? '' : 'npm run build:firmware',
    },
    ...(process.platform === 'linux' ? [checkDialout({ name: username, uid, groups }), checkModemManager()] : []),
    ...(await serialPorts()),
    await tensorflow(),
    program('socat', 'PTYs for third-party clients (emulate --pty)'),
    program('espeak-ng', 'making the SYN-KWS data set'),
    program('arm-none-eabi-gcc', 'rebuilding the firmware'),
    program('clang', 'rebuilding the WASM modules'),
  ];
  output.result(findings, () =>
    findings.map((f) => `${f.ok ? '✓' : '✗'} ${f.fact}${f.fix ? `\n    → ${f.fix}` : ''}`).join('\n'),
  );
  return exitCodes.done;
}
