import { readFileSync, readlinkSync } from 'node:fs';
import { uptime } from 'node:os';

/**
 * Which process is in a run. A pid alone comes back after a reboot or a while; the boot, the pid namespace and the
 * start time make it one process (proc(5): /proc/PID/stat field 22, in ticks since boot).
 */
export interface ProcessIdentity {
  readonly boot: string;
  readonly namespace: string;
  readonly pid: number;
  readonly started: string;
}

function text(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return '';
  }
}

function bootId(): string {
  // without /proc: the second the machine came up, to ± 1 minute because clocks are adjusted
  return text('/proc/sys/kernel/random/boot_id') || `up-${Math.round((Date.now() / 1000 - uptime()) / 60)}`;
}

function namespaceId(): string {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return '';
  }
}

interface ProcessState {
  /** One letter of proc(5); 'Z' and 'X' have ended and only wait to be reaped. '' without /proc. */
  readonly state: string;
  /** Ticks since boot. */
  readonly started: string;
}

/** The command name in field 2 may hold spaces and brackets. */
function stateOf(pid: number): ProcessState {
  const stat = text(`/proc/${pid}/stat`);
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return { state: fields[0] ?? '', started: fields[19] ?? '' };
}

export function thisProcess(): ProcessIdentity {
  return {
    boot: bootId(),
    namespace: namespaceId(),
    pid: process.pid,
    started: stateOf(process.pid).started,
  };
}

/** `unknown`: the process lives, if it does, in another container, where its pid says nothing here. */
export function livenessOf(owner: ProcessIdentity): 'alive' | 'dead' | 'unknown' {
  if (owner.boot !== bootId()) return 'dead';
  if (owner.namespace !== namespaceId()) return 'unknown';
  try {
    process.kill(owner.pid, 0);
  } catch (e) {
    // EPERM: it exists and belongs to somebody else
    if ((e as NodeJS.ErrnoException).code !== 'EPERM') return 'dead';
  }
  const { state, started } = stateOf(owner.pid);
  return started === owner.started && state !== 'Z' && state !== 'X' ? 'alive' : 'dead';
}
