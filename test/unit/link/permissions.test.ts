import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  checkDialout,
  checkModemManager,
  checkPort,
  portHolders,
  type SystemRoots,
} from '../../../src-main/link/permissions.ts';

let root: string;
let roots: SystemRoots;
const put = (path: string, text: string) => {
  mkdirSync(join(root, path, '..'), { recursive: true });
  writeFileSync(join(root, path), text);
};

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'microjoule-roots-'));
  roots = { proc: join(root, 'proc'), etc: join(root, 'etc'), sys: join(root, 'sys') };
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const user = (groups: number[], uid = 1000) => ({ name: 'ada', uid, groups });

describe('dialout', () => {
  it('is fine for members and for root, and named with the command for others', () => {
    put('etc/group', 'root:x:0:\ndialout:x:20:grace\n');
    expect(checkDialout(user([20]), roots)).toMatchObject({ ok: true });
    expect(checkDialout(user([], 0), roots)).toMatchObject({ ok: true });
    expect(checkDialout(user([1000]), roots)).toMatchObject({
      ok: false,
      fix: expect.stringContaining('sudo usermod -aG dialout ada') as string,
    });
  });

  it('knows the member who has not logged in again', () => {
    put('etc/group', 'dialout:x:20:grace,ada\n');
    expect(checkDialout(user([1000]), roots)).toMatchObject({
      ok: false,
      fix: expect.stringContaining('newgrp dialout') as string,
    });
  });

  it('is uucp on other systems, and no matter where there is neither', () => {
    put('etc/group', 'uucp:x:14:\n');
    expect(checkDialout(user([1000]), roots).fix).toContain('-aG uucp');
    put('etc/group', 'wheel:x:10:\n');
    expect(checkDialout(user([1000]), roots).ok).toBe(true);
    rmSync(join(root, 'etc'), { recursive: true });
    expect(checkDialout(user([1000]), roots).ok).toBe(true);
  });
});

describe('ModemManager', () => {
  it('is a finding while it runs without a rule that keeps it off', () => {
    expect(checkModemManager(roots).ok).toBe(true);
    put('proc/812/comm', 'ModemManager\n');
    expect(checkModemManager(roots)).toMatchObject({
      ok: false,
      fix: expect.stringContaining('systemctl') as string,
    });
    put('etc/udev/rules.d/99-pico.rules', 'ATTRS{idVendor}=="2e8a", ENV{ID_MM_DEVICE_IGNORE}="1"\n');
    expect(checkModemManager(roots).ok).toBe(true);
  });
});

describe('who holds a port', () => {
  it('is found through the open files of every process, also by another name of the port', () => {
    put('dev/ttyACM0', '');
    symlinkSync(join(root, 'dev/ttyACM0'), join(root, 'dev/by-id'));
    put('proc/77/comm', 'minicom\n');
    mkdirSync(join(root, 'proc/77/fd'));
    symlinkSync(join(root, 'dev/ttyACM0'), join(root, 'proc/77/fd/3'));
    put('proc/78/comm', 'bash\n');
    mkdirSync(join(root, 'proc/78/fd'));
    put('proc/version', 'no process');
    expect(portHolders(join(root, 'dev/by-id'), roots)).toEqual([{ pid: 77, program: 'minicom' }]);
    expect(portHolders(join(root, 'dev/none'), roots)).toEqual([]);
  });

  it('and whether the port is there at all, and a device', () => {
    expect(checkPort(join(root, 'dev/ttyACM9'), roots)).toMatchObject({
      ok: false,
      fact: expect.stringContaining('does not exist') as string,
    });
    put('dev/file', '');
    expect(checkPort(join(root, 'dev/file'), roots)).toMatchObject({
      ok: false,
      fact: expect.stringContaining('no device') as string,
    });
    expect(checkPort('/dev/null', roots)).toMatchObject({ ok: true, fix: '' });
    put('proc/5/comm', 'picocom\n');
    mkdirSync(join(root, 'proc/5/fd'));
    symlinkSync('/dev/null', join(root, 'proc/5/fd/0'));
    expect(checkPort('/dev/null', roots)).toMatchObject({ ok: false, fix: 'Close picocom (process 5)' });
  });
});
