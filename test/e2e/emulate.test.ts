/** The emulated bench as other programs find it: on TCP ports and pseudo-terminals, one process away. */
import { spawn } from 'node:child_process';
import { existsSync, lstatSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { WallClock } from '../../src-main/base/clock.ts';
import { orThrow } from '../../src-main/base/errors.ts';
import { Rng } from '../../src-main/base/rng.ts';
import { prepare } from '../../src-main/core.ts';
import { openSession } from '../../src-main/device/session.ts';
import { openTwin } from '../../src-main/engine/twin.ts';
import type { Link } from '../../src-main/link/link.ts';
import { openLink } from '../../src-main/link/open.ts';
import { openPpk2 } from '../../src-main/monitor/ppk2/driver.ts';
import { ppk2Codec } from '../../src-main/monitor/ppk2/decoder.ts';
import { PPK2_EXACT_TABLE_ACCURACY } from '../../src-main/monitor/ppk2/accuracy.ts';
import { windowEnergy } from '../../src-main/trace/energy.ts';
import { newTraceHeader } from '../../src-main/trace/format.ts';
import { MemoryTraceStore } from '../../src-main/trace/memory-store.ts';
import { recordTrace } from '../../src-main/trace/recording.ts';
import { describeWith, needs, python, root } from '../needs.ts';
import { json, microjoule, scratch } from './cli-process.ts';
import { emulating } from './served-process.ts';

const model = join(root, 'models/tiny-ad.tflite');
const clock = new WallClock();
const { dir, remove } = scratch();
afterAll(remove);

const input = new Rng(5).bytes(64);

async function connect(address: string): Promise<Link> {
  return orThrow(await openLink(address, { clock, baud: 115_200 }));
}

/** One inference by our own session over whatever is at the address; the raw output. */
async function inferAt(address: string): Promise<Uint8Array> {
  await using link = await connect(address);
  await using session = orThrow(await openSession(link));
  orThrow(await session.loadInput(input));
  orThrow(await session.infer(1, 0));
  return orThrow(await session.mj!.output());
}

async function twinOutput(): Promise<Uint8Array> {
  const { program } = orThrow(prepare(model, 'pico-emulated'));
  await using twin = orThrow(await openTwin(program.bytes));
  return orThrow(twin.infer([input]))[0]!;
}

describe('microjoule emulate pico --tcp', () => {
  it.each(['real', 'free'] as const)(
    'infers like the twin at %s pace, for one client after the other',
    async (pace) => {
      await using served = await emulating(['pico', '--tcp', '0', '--model', model, '--pace', pace]);
      const wanted = await twinOutput();
      expect(new Set(wanted).size).toBeGreaterThan(3);
      for (let client = 0; client < 2; client++) expect(await inferAt(served.listens.dut!)).toEqual(wanted);
    },
  );

  it('ends after --for, with code 0', async () => {
    const answer = await microjoule(['emulate', 'pico', '--tcp', '0', '--for', '0.1']);
    expect(answer.code).toBe(0);
    expect(answer.stdout).toMatch(
      /^Emulating pico: dut at tcp:\/\/127\.0\.0\.1:\d+ \(real pace; Ctrl-C ends it\)\n$/,
    );
    expect(answer.stderr).toContain('flash is empty');
  });
});

describe('microjoule emulate ppk2 --load', () => {
  it('our driver reads the mean of the load', async () => {
    const load = join(dir, 'load.csv');
    // 200 ms at 5 mA, a window of 300 ms that is 20 mA for a third of each 3 ms and 0.2 mA else, then 5 mA
    const rows = ['time_us,current_a,logic', '0,0.005,0'];
    for (let ms = 200; ms < 500; ms += 3) rows.push(`${ms * 1000},0.02,1`, `${(ms + 1) * 1000},0.0002,1`);
    writeFileSync(load, [...rows, '500000,0.005,0'].join('\n'));
    await using served = await emulating(['ppk2', '--tcp', '0', '--load', load]);
    await using link = await connect(served.listens.ppk2!);
    await using monitor = orThrow(await openPpk2(link));
    orThrow(await monitor.setSupply({ mode: 'source', millivolts: 3300 }));
    const store = new MemoryTraceStore(
      newTraceHeader(monitor.streamFormat, { traceId: 't', title: 't', source: 'emulated' }),
    );
    const recording = recordTrace(monitor, store, ppk2Codec);
    const window = orThrow(await recording.waitForWindow(0, clock.nowUs() + 20e6));
    const energy = orThrow(windowEnergy(recording.trace, window, { accuracy: PPK2_EXACT_TABLE_ACCURACY }));
    expect(await recording.stop()).toMatchObject({ kind: 'complete', missingSamples: 0 });
    const meanA = (0.02 + 2 * 0.0002) / 3;
    expect(Math.abs(energy.meanA / meanA - 1)).toBeLessThan(0.005);
    expect(window.endSample - window.startSample).toBe(30_000);
  });
});

describeWith([needs.socat], 'microjoule emulate on pseudo-terminals', () => {
  it('pico infers like the twin for a serial program; Ctrl-C ends with 0 and takes the link away', async () => {
    const pty = join(dir, 'pico');
    const served = await emulating(['pico', '--pty', pty, '--model', model]);
    expect(served.listens).toEqual({ dut: pty });
    const wanted = await twinOutput();
    for (let client = 0; client < 2; client++) expect(await inferAt(pty)).toEqual(wanted);
    expect(await served.end('SIGINT')).toBe(0);
    expect(existsSync(pty)).toBe(false);
  });

  it('takes the place of a link that a killed program left, and of nothing else', async () => {
    const left = join(dir, 'left');
    symlinkSync(join(dir, 'no-such-terminal'), left);
    const served = await emulating(['pico', '--pty', left]);
    expect(lstatSync(left).isSymbolicLink()).toBe(true);
    expect(existsSync(left)).toBe(true);
    expect(await served.end('SIGTERM')).toBe(0);
    const file = join(dir, 'file');
    writeFileSync(file, 'mine');
    const refused = await microjoule(['emulate', 'pico', '--pty', file, '--json']);
    expect(json<{ error: { id: string } }>(refused).error.id).toBe('link.busy');
    expect(existsSync(file)).toBe(true);
  });
});

describeWith([needs.socat, needs.python], 'microjoule emulate bench', () => {
  it('ppk2-api powers the board and reads its sleep and its inferences', async () => {
    const [dut, monitor] = [join(dir, 'dut'), join(dir, 'monitor')];
    const served = await emulating(['bench', '--dut-pty', dut, '--monitor-pty', monitor, '--model', model]);
    const client = spawn(python!, [join(root, 'test/e2e/ppk2_client.py'), monitor, '3300']);
    let said = '';
    let errors = '';
    client.stderr.setEncoding('utf8').on('data', (s: string) => (errors += s));
    const measuring = new Promise<void>((resolve) =>
      client.stdout.setEncoding('utf8').on('data', (s: string) => {
        said += s;
        if (said.includes('measuring\n')) resolve();
      }),
    );
    const closed = new Promise<number | null>((resolve) => client.once('close', resolve));
    await Promise.race([measuring, closed]);
    const session = orThrow(await openSession(await connect(dut)));
    orThrow(await session.loadInput(input));
    orThrow(await session.infer(500, 0));
    await clock.sleepUntilUs(clock.nowUs() + 300_000);
    await session.link[Symbol.asyncDispose]();
    client.stdin.end('enough\n');
    expect([await closed, errors]).toEqual([0, '']);
    const read = JSON.parse(said.split('\n')[1]!) as Record<
      'count' | 'missing' | 'seconds' | 'meanUa' | 'windowUa' | 'idleUa',
      number
    >;
    // by the device's own counter; that real pace is not ahead of the wall clock can be told on a loaded machine too
    expect(read.missing).toBe(0);
    expect(read.count).toBeGreaterThan(50_000);
    expect(read.count / read.seconds).toBeLessThan(105_000);
    expect(read.windowUa).toBeGreaterThan(read.idleUa * 1.5);
    expect(read.meanUa).toBeGreaterThan(read.idleUa);
    expect(read.meanUa).toBeLessThan(read.windowUa);
    expect(await served.end('SIGINT')).toBe(0);
    expect([dut, monitor].map((p) => existsSync(p))).toEqual([false, false]);
    expect(served.stderr()).not.toContain('dropped');
  });
});

describe('microjoule emulate refuses', () => {
  const at = ['--tcp', '0'];
  const bad = join(dir, 'bad.csv');
  writeFileSync(bad, 'time_us,current_a\n0,ten\n');
  const cases: readonly (readonly [readonly string[], string, number])[] = [
    [['nucleo', ...at], 'cli.unknown-emulation', 2],
    [['pico'], 'cli.no-place', 2],
    [['bench', '--dut-tcp', '0'], 'cli.no-place', 2],
    [['pico', ...at, '--pty', join(dir, 'x')], 'cli.two-places', 2],
    [['pico', '--tcp', '70000'], 'cli.usage', 2],
    [['bench', '--dut-pty', 'x', '--monitor-pty', 'x'], 'cli.same-place', 2],
    [['pico', ...at, '--load', bad], 'cli.option-not-here', 2],
    [['pico', ...at, '--model', model, '--uf2', bad], 'cli.two-images', 2],
    [['pico', ...at, '--model', '/nowhere'], 'model.cannot-read', 2],
    [['pico', ...at, '--uf2', '/nowhere'], 'cli.cannot-read', 2],
    [['pico', ...at, '--uf2', bad], 'programmer.bad-uf2', 2],
    [['ppk2', ...at], 'cli.no-load', 2],
    [['ppk2', ...at, '--load', bad], 'load.bad-line', 2],
  ];
  it.each(cases)('%j with %s and exit code %i', async (args, id, code) => {
    const answer = await microjoule(['emulate', ...args, '--json']);
    const { error } = json<{ error: { id: string; next: string } }>(answer);
    expect([error.id, answer.code]).toEqual([id, code]);
    expect(error.next).not.toBe('');
  });

  it('a port that another program has, and a pseudo-terminal without socat', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    const busy = await microjoule(['emulate', 'pico', '--tcp', String(port), '--json']);
    expect([json<{ error: { id: string } }>(busy).error.id, busy.code]).toEqual(['link.busy', 4]);
    server.close();
    const without = await microjoule(['emulate', 'pico', '--pty', join(dir, 'none'), '--json'], {
      env: { PATH: dir },
    });
    const { error } = json<{ error: { id: string; next: string } }>(without);
    expect([error.id, without.code]).toEqual(['link.no-socat', 4]);
    expect(error.next).toContain('npm run setup:system');
  });
});
