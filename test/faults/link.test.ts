/** Links that cannot be opened or that break: stable ids, and what to do. */
import {
  chmodSync,
  closeSync,
  constants,
  mkdtempSync,
  openSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { WallClock } from '../../src-main/base/clock.ts';
import { orThrow } from '../../src-main/base/errors.ts';
import { openLink } from '../../src-main/link/open.ts';
import { openProcess } from '../../src-main/link/process.ts';
import { openPty } from '../../src-main/link/pty.ts';
import { openSerial } from '../../src-main/link/serial.ts';
import { listenTcp, openTcp } from '../../src-main/link/tcp.ts';
import { describeWith, needs } from '../needs.ts';

const clock = new WallClock();
const options = { clock, baud: 115200 };

describe('links that cannot be opened', () => {
  it('no such port', async () => {
    expect(await openLink('/dev/ttyNOTHING7', options)).toMatchObject({
      ok: false,
      id: 'link.not-found',
      facts: { address: '/dev/ttyNOTHING7' },
      next: expect.stringContaining('microjoule ports') as string,
    });
  });

  it('nothing listens, and two that listen at one port', async () => {
    const listener = orThrow(await listenTcp({ port: 0, clock }, () => undefined));
    expect(await listenTcp({ port: listener.port, clock }, () => undefined)).toMatchObject({
      ok: false,
      id: 'link.busy',
    });
    await listener[Symbol.asyncDispose]();
    expect(await openLink(`tcp://127.0.0.1:${listener.port}`, options)).toMatchObject({
      ok: false,
      id: 'link.refused',
    });
  });

  it('no such program, and one that may not run', async () => {
    expect(await openLink('process:/no/such/dut', options)).toMatchObject({
      ok: false,
      id: 'link.not-found',
    });
    const folder = mkdtempSync(join(tmpdir(), 'microjoule-process-'));
    const program = join(folder, 'dut');
    writeFileSync(program, '#!/bin/sh\n');
    chmodSync(program, 0o644);
    expect(await openLink(`process:${program}`, options)).toMatchObject({ ok: false, id: 'link.permission' });
    rmSync(folder, { recursive: true });
  });

  it('no simulated world, no address', async () => {
    expect(await openLink('sim:pico', options)).toMatchObject({ ok: false, id: 'link.no-simulation' });
    expect(await openLink('nonsense', options)).toMatchObject({ ok: false, id: 'link.bad-address' });
  });
});

describe('links that break', () => {
  it('a process that ends says how, with the end of what it complained', async () => {
    const link = orThrow(await openProcess('sh', ['-c', 'echo out; echo broken wire >&2; exit 3'], clock));
    const read = await link.read({ deadlineUs: Infinity });
    expect(read).toMatchObject({ kind: 'bytes' });
    const end = await link.read({ deadlineUs: Infinity });
    expect(end).toMatchObject({
      kind: 'closed',
      expected: false,
      reason: 'the process ended with code 3: broken wire',
    });
    expect(await link.write(Uint8Array.of(1))).toMatchObject({ ok: false, id: 'link.closed' });
    await link[Symbol.asyncDispose]();
  });

  it('a process that ignores the end of its input is ended anyway', async () => {
    const link = orThrow(await openProcess('sh', ['-c', 'trap "" TERM; while :; do sleep 0.1; done'], clock));
    const beforeUs = clock.nowUs();
    await link[Symbol.asyncDispose]();
    expect(clock.nowUs() - beforeUs).toBeLessThan(5e6);
  });

  it('a peer that resets the connection', async () => {
    const listener = orThrow(await listenTcp({ port: 0, clock }, (far) => void far[Symbol.asyncDispose]()));
    const link = orThrow(await openTcp('127.0.0.1', listener.port, clock));
    expect(await link.read({ deadlineUs: clock.nowUs() + 5e6 })).toMatchObject({
      kind: 'closed',
      expected: false,
    });
    expect(await link.write(Uint8Array.of(1))).toMatchObject({ ok: false, id: 'link.closed' });
    await link[Symbol.asyncDispose]();
    await listener[Symbol.asyncDispose]();
  });
});

it('a TCP port that does not exist cannot be listened at', async () => {
  for (const port of [70_000, -1, 1.5])
    expect(await listenTcp({ port, clock }, () => undefined)).toMatchObject({
      ok: false,
      id: 'link.bad-address',
    });
});

describeWith([needs.socat], 'serial ports on a pseudo-terminal', () => {
  it('one that another program has open is busy, and the program is named', async () => {
    await using pty = orThrow(await openPty(clock));
    await using other = orThrow(
      await openProcess(
        process.execPath,
        [
          '-e',
          `
        import('serialport').then(({ SerialPort }) => {
          const port = new SerialPort({ path: ${JSON.stringify(pty.path)}, baudRate: 115200 }, () => console.log('open'));
          process.stdin.resume();
        });`,
        ],
        clock,
      ),
    );
    expect(await other.read({ deadlineUs: clock.nowUs() + 20e6 })).toMatchObject({ kind: 'bytes' });
    const busy = await openSerial({ path: pty.path, baud: 115200, clock });
    expect(busy).toMatchObject({
      ok: false,
      id: 'link.busy',
      cause: expect.stringMatching(/node\S* \(\d+\)/) as string,
    });
  });

  it('can be closed and opened again', async () => {
    await using pty = orThrow(await openPty(clock));
    for (let i = 0; i < 3; i++) {
      await using link = orThrow(await openSerial({ path: pty.path, baud: 115200, clock }));
      orThrow(await link.write(Uint8Array.of(65 + i)));
      expect(await pty.link.read({ deadlineUs: clock.nowUs() + 5e6 })).toMatchObject({
        bytes: Buffer.of(65 + i),
      });
    }
  });

  it('a program that does not read is still heard', async () => {
    await using pty = orThrow(await openPty(clock));
    const unread = openSync(pty.path, constants.O_RDWR | constants.O_NOCTTY);
    const flooding = pty.link.write(new Uint8Array(1 << 20));
    await clock.sleepUntilUs(clock.nowUs() + 200_000);
    writeSync(unread, 'stop');
    const heard = await pty.link.read({ deadlineUs: clock.nowUs() + 5e6 });
    expect(heard).toMatchObject({ kind: 'bytes', bytes: Buffer.from('stop') });
    closeSync(unread);
    await pty[Symbol.asyncDispose]();
    await flooding;
  });

  it('a pseudo-terminal is not made over a file that exists, nor where there is no folder', async () => {
    await using pty = orThrow(await openPty(clock));
    expect(await openPty(clock, pty.path)).toMatchObject({ ok: false, id: 'link.busy' });
    expect(await openPty(clock, '/no/such/folder/tty')).toMatchObject({ ok: false, id: 'link.open-failed' });
  });
});
