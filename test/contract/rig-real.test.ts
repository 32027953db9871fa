/**
 * A real target through the product, without silicon: the emulated Pico in real pace behind a pseudo-terminal, its boot
 * drive a folder. The UF2 that the product copies there is what the board then runs.
 */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { WallClock } from '../../src-main/base/clock.ts';
import { ok, orThrow } from '../../src-main/base/errors.ts';
import { pico } from '../../src-main/board/pico.ts';
import { createCore } from '../../src-main/core.ts';
import { realRigs } from '../../src-main/core/real-rig.ts';
import type { PortEntry } from '../../src-main/link/ports.ts';
import { openPty } from '../../src-main/link/pty.ts';
import { checkUf2 } from '../../src-main/link/uf2.ts';
import { carry } from '../../src-main/sim/carriers.ts';
import { openSimulatedBench, type SimulatedBench } from '../../src-main/sim/simulated-bench.ts';
import { TimeKeeper } from '../../src-main/sim/time-keeper.ts';
import { describeWith, needs, root } from '../needs.ts';

const LOOK_MS = 20;

/** The boot loader's side of the drive: takes a whole UF2 into the board, and vanishes. */
function bootDrive(
  folder: string,
  bench: SimulatedBench,
): { readonly taken: () => number; readonly stop: () => void } {
  mkdirSync(folder);
  const sign = join(folder, 'INFO_UF2.TXT');
  const file = join(folder, 'MICROJ.UF2');
  writeFileSync(sign, 'UF2 Bootloader v3.0\nModel: Raspberry Pi RP2\nBoard-ID: RPI-RP2\n');
  let taken = 0;
  let busy = false;
  const look = async () => {
    if (busy || !existsSync(sign) || !existsSync(file) || statSync(file).size === 0) return;
    const bytes = new Uint8Array(readFileSync(file));
    if (!checkUf2(bytes).ok) return;
    busy = true;
    orThrow(await bench.programmer.program(bytes));
    taken++;
    rmSync(sign);
    busy = false;
  };
  const timer = setInterval(() => void look(), LOOK_MS);
  return { taken: () => taken, stop: () => clearInterval(timer) };
}

describeWith([needs.socat], 'ports that change their names', () => {
  it('a board is found again by its serial number, and what now has its old name is not taken for it', async () => {
    const clock = new WallClock();
    await using a = orThrow(await openPty(clock));
    await using b = orThrow(await openPty(clock));
    const entry = (path: string, serialNumber: string): PortEntry => ({
      path: realpathSync(path),
      serialNumber,
      vendorId: 1,
      productId: 2,
      manufacturer: null,
      device: null,
    });
    let ports = [entry(a.path, 'BOARD'), entry(b.path, 'ANOTHER')];
    const rigs = realRigs({ board: pico, port: a.path, monitorPort: null, listPorts: async () => ok(ports) });
    const first = orThrow(await rigs.open(false));
    expect(first.serials.board).toBe('BOARD');
    expect(realpathSync(first.dut.address)).toBe(realpathSync(a.path));
    ports = [entry(a.path, 'ANOTHER')];
    expect(await rigs.reopen(first, false, AbortSignal.timeout(50))).toMatchObject({
      ok: false,
      id: 'run.aborted',
    });
    ports = [entry(a.path, 'ANOTHER'), entry(b.path, 'BOARD')];
    await using again = orThrow(await rigs.reopen(first, false, new AbortController().signal));
    expect(again.dut.address).toBe(realpathSync(b.path));
    expect(again.serials.board).toBe('BOARD');
  });
});

describeWith([needs.socat], 'a real Pico behind a serial port and a boot drive', () => {
  it('is programmed, identified, timed and compared with the host twin', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'mj-real-'));
    await using bench = orThrow(
      await openSimulatedBench({ seed: 1, monitor: 'none', pace: 'free', historyUs: 1e6 }),
    );
    await using keeper = new TimeKeeper(bench, 'real');
    await using dut = orThrow(
      await carry({ wire: bench.dut, name: 'dut', bytesPerSecond: 11_520 }, keeper, { kind: 'pty' }),
    );
    const drive = bootDrive(join(dir, 'RPI-RP2'), bench);
    try {
      await using core = orThrow(await createCore({ dbPath: join(dir, 'bench.db') }));
      const run = orThrow(
        await core.run(
          {
            modelPath: join(root, 'models/tiny-ad.tflite'),
            targetId: 'pico',
            mode: 'performance',
            windows: 2,
            windowS: 0.5,
          },
          { port: dut.address, mountFolders: [dir] },
        ),
      );
      expect(run).toMatchObject({ status: 'finished', source: 'measured', failure: null });
      expect(drive.taken()).toBe(1);
      expect(run.windows.map((w) => [w.index, w.status, w.outputCheck])).toEqual([
        [0, 'finished', 'equal'],
        [1, 'finished', 'equal'],
      ]);
      expect(run.windows.every((w) => w.durationUs! >= 0.5e6)).toBe(true);
      expect(run.comparison).toMatchObject({ method: 'bit-exact', compared: 2, equal: 2 });
      expect(run.identity).toMatchObject({
        hasMj: true,
        boardId: 'pico',
        boardSerial: 'unknown',
        mode: 'performance',
      });
      expect(run.profile!.totalCycles).toBeGreaterThan(1000);
      expect(run.latency!.systematic!.parts.map((p) => p.cause)).toEqual(['timer resolution', 'crystal']);
      // nobody has calibrated silicon
      expect(run.prediction).toBeNull();
      expect(run.notes.join('\n')).toMatch(/No prediction: predict\.no-calibration/);
      expect(run.notes.join('\n')).toMatch(/serial number is not known/);
    } finally {
      drive.stop();
      rmSync(dir, { recursive: true, force: true });
    }
  }, 25_000);
});
