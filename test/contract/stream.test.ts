import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WallClock } from '../../src-main/base/clock.ts';
import { orThrow } from '../../src-main/base/errors.ts';
import type { Link } from '../../src-main/link/link.ts';
import { openProcess } from '../../src-main/link/process.ts';
import { openPty } from '../../src-main/link/pty.ts';
import { openSerial } from '../../src-main/link/serial.ts';
import { openSimulatedBench } from '../../src-main/sim/simulated-bench.ts';
import { buildHostDut } from '../host-dut.ts';
import { describeWith, needs } from '../needs.ts';
import { imageOf } from '../unit/firmware/images.ts';
import { streamContract, streamProgram } from './stream.contract.ts';

const BAUD = 921_600;

streamContract('the emulated Pico', async () => {
  const bench = orThrow(await openSimulatedBench({ seed: 1, monitor: 'none' }));
  orThrow(await bench.programmer.program(imageOf(streamProgram, { baud: BAUD }).uf2));
  return {
    link: bench.dut,
    options: { baud: BAUD, bootUs: 1_000_000 },
    replug: async () => {
      bench.unplug('dut');
      const link = bench.replug('dut');
      orThrow(await link.setBaud(BAUD));
      return link;
    },
    [Symbol.asyncDispose]: () => Promise.resolve(bench[Symbol.asyncDispose]()),
  };
});

/** Carries bytes one way until either end closes. */
async function carry(from: Link, to: Link): Promise<void> {
  for (;;) {
    const read = await from.read({ deadlineUs: Infinity });
    if (read.kind === 'closed') return;
    if (read.kind === 'bytes' && !(await to.write(read.bytes)).ok) return;
  }
}

describeWith([needs.hostCc, needs.socat], 'with a host C compiler and socat', () => {
  streamContract('the firmware as a process behind a pseudo-terminal and serialport', async () => {
    const clock = new WallClock();
    const folder = mkdtempSync(join(tmpdir(), 'microjoule-image-'));
    const image = join(folder, 'image.bin');
    writeFileSync(image, imageOf(streamProgram, { baud: BAUD }).bin);
    const dut = orThrow(await openProcess(buildHostDut(), [image], clock));
    const pty = orThrow(await openPty(clock));
    void carry(dut, pty.link);
    void carry(pty.link, dut);
    const openPort = async () => orThrow(await openSerial({ path: pty.path, baud: BAUD, clock }));
    let link = await openPort();
    return {
      link,
      options: { baud: BAUD },
      replug: async () => {
        await link[Symbol.asyncDispose]();
        link = await openPort();
        return link;
      },
      [Symbol.asyncDispose]: async () => {
        await link[Symbol.asyncDispose]();
        await pty[Symbol.asyncDispose]();
        await dut[Symbol.asyncDispose]();
        rmSync(folder, { recursive: true });
      },
    };
  });
});
