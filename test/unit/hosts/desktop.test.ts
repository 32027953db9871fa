/** What of the desktop app needs no Electron: its words, the life of the core's process, crash reports, the udev rule. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { Command } from 'commander';
import { orThrow } from '../../../src-main/base/errors.ts';
import { commands } from '../../../src-main/contract/bench/commands.ts';
import { boards } from '../../../src-main/core/targets.ts';
import { emulateCommands } from '../../../src-main/hosts/cli/groups/emulate.ts';
import { hardwareCommands } from '../../../src-main/hosts/cli/groups/hardware.ts';
import { measureCommands } from '../../../src-main/hosts/cli/groups/measure.ts';
import { powerCommands } from '../../../src-main/hosts/cli/groups/power.ts';
import { resultCommands } from '../../../src-main/hosts/cli/groups/results.ts';
import { streamCommands } from '../../../src-main/hosts/cli/groups/stream.ts';
import { traceCommands } from '../../../src-main/hosts/cli/groups/trace.ts';
import { pageKeys } from '../../../src-main/hosts/cli/page-keys.ts';
import { desktopArguments, servedAddress } from '../../../src-main/hosts/electron/arguments.ts';
import type { FromCore, ToCore } from '../../../src-main/hosts/electron/core-messages.ts';
import { CoreProcess, type CoreChild } from '../../../src-main/hosts/electron/core-process.ts';
import { CrashReports } from '../../../src-main/hosts/electron/crash-reports.ts';
import { monitorDescriptors } from '../../../src-main/monitor/catalog.ts';
import { scratch } from '../../e2e/cli-process.ts';
import { root } from '../../needs.ts';

const token = 'GJfA41Gsgjt0vucu2NyTn1hPabcdefgh';
const address = `http://127.0.0.1:8000/?token=${token}`;

describe('the words of the desktop app', () => {
  it('are a bench to attach to, a database, files, and whatever Chromium understands', () => {
    const given = orThrow(
      desktopArguments(
        [
          '--no-sandbox',
          '/app/main.cjs',
          '--attach',
          address,
          '--db=x.db',
          'm.tflite',
          '/t/a.mjtrace',
          'n.txt',
        ],
        '/here',
      ),
    );
    expect(given).toEqual({
      attach: { origin: 'http://127.0.0.1:8000', host: '127.0.0.1:8000', token },
      db: resolve('/here/x.db'),
      files: [resolve('/here/m.tflite'), resolve('/t/a.mjtrace')],
      version: false,
    });
  });

  it.each([
    ['no token', 'http://127.0.0.1:8000/'],
    ['a short token', 'http://127.0.0.1:8000/?token=abc'],
    ['another scheme', `file:///etc/passwd?token=${token}`],
    ['a token that would end its header', `http://a/?token=${token}%0d%0aX: y`],
    ['a user name', `http://me:you@127.0.0.1/?token=${token}`],
    ['nothing', ''],
  ])('with %s in the address attach to nothing', (_what, text) => {
    const served = servedAddress(text);
    expect(served).toMatchObject({ ok: false, id: 'desktop.bad-address' });
    expect(JSON.stringify(served)).not.toContain(token);
  });
});

class Child implements CoreChild<string> {
  readonly got: (readonly [ToCore, string[]])[] = [];
  tell: (message: FromCore) => void = () => {};
  exit: (code: number) => void = () => {};
  killed = false;
  postMessage(message: ToCore, ports: string[] = []): void {
    this.got.push([message, ports]);
  }
  onMessage(listener: (message: FromCore) => void): void {
    this.tell = listener;
  }
  onExit(listener: (code: number) => void): void {
    this.exit = listener;
  }
  kill(): void {
    this.killed = true;
    this.exit(137);
  }
}

function supervised(print = (_html: string) => Promise.resolve(Uint8Array.of(1))) {
  const children: Child[] = [];
  const died: (readonly [number, boolean])[] = [];
  const failed: string[] = [];
  const active: (readonly string[])[] = [];
  const at = { nowMs: 0 };
  const core = new CoreProcess<string>({
    fork: () => {
      const child = new Child();
      children.push(child);
      return child;
    },
    nowMs: () => at.nowMs,
    onActive: (titles) => active.push(titles),
    onDied: (code, again) => died.push([code, again]),
    onFailed: (failure) => failed.push(failure.id),
    print,
  });
  core.start();
  return { core, children, died, failed, active, at };
}

describe("the core's process", () => {
  it('gets what was asked for before it was ready as soon as it is', () => {
    const { core, children } = supervised();
    core.connect('port');
    expect(children[0]!.got).toEqual([]);
    children[0]!.tell({ type: 'ready' });
    expect(children[0]!.got).toEqual([[{ type: 'page' }, ['port']]]);
  });

  it('is started again when it dies; what waited for it is told so, and nothing goes on any more', async () => {
    const { core, children, died, active } = supervised();
    children[0]!.tell({ type: 'ready' });
    children[0]!.tell({ type: 'active', titles: ['a run'] });
    const opened = core.openFile('/m.tflite');
    const report = core.report('1');
    children[0]!.exit(139);
    expect(await opened).toMatchObject({ kind: 'failure', failure: { id: 'desktop.core-died' } });
    expect(await report).toMatchObject({ failure: { id: 'desktop.core-died' } });
    expect(died).toEqual([[139, true]]);
    expect(active).toEqual([['a run'], []]);
    expect(children).toHaveLength(2);
    core.connect('next');
    children[1]!.tell({ type: 'ready' });
    expect(children[1]!.got).toEqual([[{ type: 'page' }, ['next']]]);
  });

  it('that dies again and again is given up, until somebody tries once more', () => {
    const { core, children, died, at } = supervised();
    for (let i = 0; i < 4; i++) children.at(-1)!.exit(1);
    expect(died.map(([, again]) => again)).toEqual([true, true, true, false]);
    expect(children).toHaveLength(4);
    core.retry();
    expect(children).toHaveLength(5);
    // one death a minute is bad luck
    for (let i = 0; i < 10; i++) {
      at.nowMs += 61_000;
      children.at(-1)!.exit(1);
    }
    expect(died.slice(4).every(([, again]) => again)).toBe(true);
  });

  it('that cannot start says why, and is not started again by itself', () => {
    const { children, failed, died } = supervised();
    const failure = { id: 'store.locked', facts: {}, cause: '', next: '' };
    children[0]!.tell({ type: 'failed', failure });
    children[0]!.exit(1);
    expect([failed, died, children.length]).toEqual([['store.locked'], [], 1]);
  });

  it('is asked to stop, and ended when it does not', async () => {
    const asked = supervised();
    const stopped = asked.core.stop(60_000);
    expect(asked.children[0]!.got).toEqual([[{ type: 'stop' }, []]]);
    asked.children[0]!.exit(0);
    await stopped;
    expect([asked.died, asked.children.length]).toEqual([[], 1]);
    const stuck = supervised();
    await stuck.core.stop(1);
    expect(stuck.children[0]!.killed).toBe(true);
  });

  it('gets its PDFs, or why there are none', async () => {
    const { children } = supervised((html) =>
      html === 'bad' ? Promise.reject(new Error('no printer')) : Promise.resolve(Uint8Array.of(7)),
    );
    children[0]!.tell({ type: 'print', id: 1, html: 'good' });
    children[0]!.tell({ type: 'print', id: 2, html: 'bad' });
    await new Promise((r) => setImmediate(r));
    expect(children[0]!.got.map(([m]) => m)).toEqual([
      { type: 'printed', id: 1, pdf: Uint8Array.of(7), reason: '' },
      { type: 'printed', id: 2, pdf: null, reason: 'no printer' },
    ]);
  });
});

describe('crash reports', () => {
  const { dir, remove } = scratch();
  afterAll(remove);

  it('keep the end of what the core said, ten of them, on this computer', () => {
    let minute = 10;
    const reports = new CrashReports({
      folder: join(dir, 'reports'),
      version: '1.2.3',
      nowIso: () => `2030-01-01T00:${minute++}:00.000Z`,
    });
    reports.heard('x'.repeat(200_000));
    reports.heard('the last words');
    const text = readFileSync(reports.write(139)!, 'utf8');
    expect(text).toContain('Microjoule 1.2.3');
    expect(text).toContain('code 139');
    expect(text.endsWith('the last words')).toBe(true);
    expect(text.length).toBeLessThan(66_000);
    for (let i = 0; i < 12; i++) expect(readFileSync(reports.write(1)!, 'utf8')).not.toContain('last words');
    expect(readdirSync(join(dir, 'reports'))).toHaveLength(10);
  });

  it('that cannot be written are no second crash', () => {
    const reports = new CrashReports({ folder: '/dev/null/x', version: '1', nowIso: () => '2030' });
    expect(reports.write(1)).toBeNull();
  });
});

describe('what comes with the app', () => {
  it('is a udev rule for every USB device that it knows', () => {
    const rules = readFileSync(join(root, 'resources/99-microjoule.rules'), 'utf8');
    const hex = (id: number) => id.toString(16).padStart(4, '0');
    const usb: readonly { readonly vendorId: number; readonly productId?: number }[] = [
      ...boards.flatMap((b) => b.usb),
      ...monitorDescriptors.flatMap((m) => m.usb),
    ];
    expect(usb.length).toBeGreaterThanOrEqual(3);
    for (const { vendorId, productId } of usb) {
      const product = productId === undefined ? '' : `, ATTRS{idProduct}=="${hex(productId)}"`;
      expect(rules).toContain(`SUBSYSTEM=="tty", ATTRS{idVendor}=="${hex(vendorId)}"${product}, MODE=`);
    }
  });

  it('is a command of each name and key once', () => {
    const ids = commands.map((c) => c.id);
    expect(new Set(ids).size).toBe(ids.length);
    const keys = commands.flatMap((c) => (c.hotkey === null ? [] : [c.hotkey]));
    expect(new Set(keys).size).toBe(keys.length);
  });

  it('is a command line for what has one, which the command line knows', () => {
    const known = new Set<string>();
    const command = (name: string): Command => {
      known.add(name.split(' ')[0]!);
      return new Command(name);
    };
    for (const group of [
      measureCommands,
      resultCommands,
      hardwareCommands,
      emulateCommands,
      streamCommands,
      traceCommands,
      powerCommands,
    ])
      group(command);
    for (const { id, cli } of commands)
      if (cli !== null) expect([id, known.has(cli.split(' ')[0]!)]).toEqual([id, true]);
    expect(pageKeys()).toContain('Ctrl+K');
    expect(pageKeys()).toContain('microjoule demo');
  });
});
