/**
 * Sessions against what real runners and DUTs said on the wire (reference data), command by command.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { orThrow } from '../../../src-main/base/errors.ts';
import { openSession } from '../../../src-main/device/session.ts';
import { commandSplitter } from '../../../src-main/link/framing.ts';
import type { Link } from '../../../src-main/link/link.ts';
import { memoryLinkPair } from '../../../src-main/link/memory.ts';
import { describeWith, needs, sharedDir } from '../../needs.ts';
import { exchanges, parseWireLog, type WireExchange } from '../../wire-log.ts';

function wireLog(name: string): WireExchange[] {
  return exchanges(parseWireLog(readFileSync(join(sharedDir!, 'data/logs/wire', name), 'latin1')));
}

/** Answers each command as the recorded DUT did at that point; what it was never asked is unknown to it. */
async function replay(
  link: Link,
  log: readonly WireExchange[],
  unknown: (command: string) => string,
): Promise<void> {
  const left = [...log];
  await link.write(Buffer.from(left.shift()!.reply, 'latin1'));
  const splitter = commandSplitter();
  for (;;) {
    const read = await link.read({ deadlineUs: Infinity });
    if (read.kind === 'closed') return;
    if (read.kind !== 'bytes') continue;
    for (const command of splitter.push(read.bytes)) {
      const at = left.findIndex((e) => e.command === command);
      const reply = at < 0 ? unknown(command) : left.splice(at, 1)[0]!.reply;
      await link.write(Buffer.from(reply, 'latin1'));
    }
  }
}

/** The input that the recorded runner loaded first, put together from its `db HEX` commands. */
function firstInput(log: readonly WireExchange[], prefix: string): { bytes: Buffer; commands: string[] } {
  const begin = log.findIndex((e) => e.command === `${prefix}db load 490`);
  const commands: string[] = [];
  for (const e of log.slice(begin + 1)) {
    const hex = new RegExp(`^${prefix}db ([0-9a-f]+)$`).exec(e.command);
    if (!hex) break;
    commands.push(e.command);
  }
  return { bytes: Buffer.from(commands.map((c) => c.slice(prefix.length + 3)).join(''), 'hex'), commands };
}

/** Remembers the commands that went over the link. */
function listening(link: Link): { link: Link; sent: string[] } {
  const sent: string[] = [];
  const splitter = commandSplitter();
  const proxy: Link = {
    address: link.address,
    clock: link.clock,
    deterministic: link.deterministic,
    write: (bytes) => {
      sent.push(...splitter.push(bytes));
      return link.write(bytes);
    },
    read: (request) => link.read(request),
    setBaud: (baud) => link.setBaud(baud),
    discardInput: () => link.discardInput(),
    [Symbol.asyncDispose]: () => link[Symbol.asyncDispose](),
  };
  return { link: proxy, sent };
}

describeWith([needs.shared], 'recorded wires', () => {
  it('a performance run: same chunks as the reference runner, window and results as recorded', async () => {
    const log = wireLog('host-direct-performance.txt');
    const { near, far } = memoryLinkPair();
    void replay(far, log, (c) => `e-[Unknown command: ${c}]\r\nm-ready\r\n`);
    const { link, sent } = listening(near);
    const session = orThrow(await openSession(link));
    expect(session.identity).toMatchObject({ vendor: 'unspecified', model: 'kws01', mode: 'performance' });
    expect(session.mj).toBeNull();
    const { bytes, commands } = firstInput(log, '');
    expect(bytes).toHaveLength(490);
    orThrow(await session.loadInput(bytes));
    expect(sent.filter((c) => /^db [0-9a-f]+$/.test(c))).toEqual(commands);
    const window = orThrow(await session.infer(100, 2));
    expect(window.windowUs).toBe(815736002 - 813234243);
    expect(window.results[7]).toBe(0.996);
    expect(window.results).toHaveLength(12);
    await near[Symbol.asyncDispose]();
  });

  it('an energy run through an interface board: 26-byte chunks, two m-ready a command, no laps', async () => {
    const log = wireLog('host-interface-board-energy.txt');
    const { near, far } = memoryLinkPair();
    void replay(far, log, (c) => {
      const inner = c.replace(/^dut /, '');
      const said = inner === 'timestamp' ? '' : `[dut]: e-[Unknown command: ${inner}]\r\n`;
      return `m-dut-passthrough(${inner})\r\nm-ready\r\n${said}[dut]: m-ready\r\n`;
    });
    const { link, sent } = listening(near);
    const session = orThrow(await openSession(link, { topology: 'interface-board' }));
    expect(session.identity).toMatchObject({ vendor: 'unspecified', model: 'kws01', mode: 'energy' });
    const { bytes, commands } = firstInput(log, 'dut ');
    orThrow(await session.loadInput(bytes));
    expect(sent.filter((c) => /^dut db [0-9a-f]+$/.test(c))).toEqual(commands);
    const window = orThrow(await session.infer(100, 2));
    expect(window).toMatchObject({ windowUs: null, lapsUs: [], iterations: 100 });
    expect(window.results).toHaveLength(12);
    await near[Symbol.asyncDispose]();
  });

  it('the same board without being announced is recognised', async () => {
    const log = wireLog('host-interface-board-energy.txt');
    const { near, far } = memoryLinkPair();
    // The board hands the command on although it is not addressed to the device, as some do
    void replay(
      far,
      log,
      (c) => `m-dut-passthrough(${c})\r\nm-ready\r\n[dut]: m-name-dut-[x]\r\n[dut]: m-ready\r\n`,
    );
    expect(await openSession(near)).toMatchObject({ ok: false, id: 'device.interface-board' });
    await near[Symbol.asyncDispose]();
  });
});
