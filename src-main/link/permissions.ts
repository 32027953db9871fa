import { readdirSync, readFileSync, readlinkSync, realpathSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Finding } from '../contract/bench/hardware.ts';

/** Where the checks look; tests give folders of their own. */
export interface SystemRoots {
  readonly proc: string;
  readonly etc: string;
  readonly sys: string;
}

export const systemRoots: SystemRoots = { proc: '/proc', etc: '/etc', sys: '/sys' };

export interface PortHolder {
  readonly pid: number;
  readonly program: string;
}

function readOr(path: string, otherwise: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return otherwise;
  }
}

function processIds(roots: SystemRoots): number[] {
  try {
    return readdirSync(roots.proc)
      .filter((name) => /^\d+$/.test(name))
      .map(Number);
  } catch {
    return [];
  }
}

/** Processes that have the port open, as far as this user may see (`/proc/<pid>/fd`). */
export function portHolders(path: string, roots: SystemRoots = systemRoots): PortHolder[] {
  const target = resolved(path);
  return processIds(roots).flatMap((pid) => {
    const folder = join(roots.proc, String(pid), 'fd');
    let held = false;
    try {
      held = readdirSync(folder).some((fd) => linkTarget(join(folder, fd)) === target);
    } catch {
      // another user's process, or one that has just ended
    }
    return held ? [{ pid, program: programName(pid, roots) }] : [];
  });
}

/** The file that was started: `comm` is the name of a thread in some run times. */
function programName(pid: number, roots: SystemRoots): string {
  const started = readOr(join(roots.proc, String(pid), 'cmdline'), '').split('\0')[0]!;
  return basename(started) || readOr(join(roots.proc, String(pid), 'comm'), '?').trim();
}

function resolved(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

function linkTarget(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}

export interface User {
  readonly name: string;
  readonly uid: number;
  /** Group ids of the running process, not of a fresh log-in. */
  readonly groups: readonly number[];
}

interface Group {
  readonly name: string;
  readonly gid: number;
  readonly members: readonly string[];
}

function groupsOf(roots: SystemRoots): Group[] {
  return readOr(join(roots.etc, 'group'), '')
    .split('\n')
    .map((line) => line.split(':'))
    .filter((fields) => fields.length >= 4)
    .map(([name, , gid, members]) => ({
      name: name!,
      gid: Number(gid),
      members: members!.split(',').filter(Boolean),
    }));
}

/** Serial ports belong to `dialout` (Debian, Fedora), `uucp` (Arch) or another group: may this user open them? */
export function checkDialout(user: User, roots: SystemRoots = systemRoots): Finding {
  const id = 'link.dialout';
  if (user.uid === 0) return { id, ok: true, fact: 'root may open serial ports', fix: '' };
  const group =
    groupsOf(roots).find((g) => g.name === 'dialout') ?? groupsOf(roots).find((g) => g.name === 'uucp');
  if (!group) return { id, ok: true, fact: 'this system has no dialout group', fix: '' };
  if (user.groups.includes(group.gid))
    return { id, ok: true, fact: `${user.name} is in ${group.name}`, fix: '' };
  if (group.members.includes(user.name))
    return {
      id,
      ok: false,
      fact: `${user.name} was added to ${group.name} after this log-in`,
      fix: `Log out and in again, or run: newgrp ${group.name}`,
    };
  return {
    id,
    ok: false,
    fact: `${user.name} is not in ${group.name}`,
    fix: `sudo usermod -aG ${group.name} ${user.name}, then log out and in again`,
  };
}

/** ModemManager probes new ttyACM ports with modem commands, which end up in the dialect. */
export function checkModemManager(roots: SystemRoots = systemRoots): Finding {
  const id = 'link.modem-manager';
  const running = processIds(roots).some(
    (pid) => readOr(join(roots.proc, String(pid), 'comm'), '').trim() === 'ModemManager',
  );
  if (!running) return { id, ok: true, fact: 'ModemManager does not run', fix: '' };
  const rules = join(roots.etc, 'udev/rules.d');
  if (ruleFiles(rules).some((file) => readOr(join(rules, file), '').includes('ID_MM_DEVICE_IGNORE')))
    return { id, ok: true, fact: 'ModemManager runs, and a udev rule keeps it off some devices', fix: '' };
  return {
    id,
    ok: false,
    fact: 'ModemManager runs and talks to every new ttyACM port for some seconds',
    fix: 'sudo systemctl disable --now ModemManager, or add a udev rule with ENV{ID_MM_DEVICE_IGNORE}="1" for the board',
  };
}

function ruleFiles(folder: string): string[] {
  try {
    return readdirSync(folder).filter((name) => name.endsWith('.rules'));
  } catch {
    return [];
  }
}

/** Is the port there, and is it free? */
export function checkPort(path: string, roots: SystemRoots = systemRoots): Finding {
  const id = 'link.port';
  try {
    if (!statSync(path).isCharacterDevice())
      return {
        id,
        ok: false,
        fact: `${path} is no device`,
        fix: 'Choose a port that `microjoule ports` lists',
      };
  } catch {
    return {
      id,
      ok: false,
      fact: `${path} does not exist`,
      fix: 'Plug the board in; `microjoule ports` lists what is there',
    };
  }
  const holders = portHolders(path, roots);
  if (holders.length === 0) return { id, ok: true, fact: `${path} is free`, fix: '' };
  const who = holders.map((h) => `${h.program} (process ${h.pid})`).join(', ');
  return { id, ok: false, fact: `${path} is held by ${who}`, fix: `Close ${who}` };
}
