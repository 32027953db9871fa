import { afterEach, describe, expect, it } from 'vitest';
import { WallClock } from '../../../src-main/base/clock.ts';
import { orThrow } from '../../../src-main/base/errors.ts';
import type { Link } from '../../../src-main/link/link.ts';
import { openTcp } from '../../../src-main/link/tcp.ts';
import { openSerial } from '../../../src-main/link/serial.ts';
import { carry } from '../../../src-main/sim/carriers.ts';
import { openSimulatedBench, type SimulatedBench } from '../../../src-main/sim/simulated-bench.ts';
import { TimeKeeper } from '../../../src-main/sim/time-keeper.ts';
import { describeWith, needs } from '../../needs.ts';
import { tinyImage } from './firmware-image.ts';

const wall = new WallClock();
const open: AsyncDisposable[] = [];
afterEach(async () => {
  for (const o of open.splice(0).reverse()) await o[Symbol.asyncDispose]();
});

function keep<T extends AsyncDisposable>(o: T): T {
  open.push(o);
  return o;
}

async function runningBench(pace: 'free' | 'real'): Promise<{ bench: SimulatedBench; keeper: TimeKeeper }> {
  const bench = keep(orThrow(await openSimulatedBench({ seed: 1, monitor: 'none', pace: 'free' })));
  orThrow(await bench.programmer.program(tinyImage().uf2));
  return { bench, keeper: keep(new TimeKeeper(bench, pace)) };
}

/** Sends `name%` until its own answer comes, as a client that knows nothing of the board's state would. */
async function nameOf(link: Link): Promise<string> {
  let text = '';
  const deadlineUs = wall.nowUs() + 10_000_000;
  let askAgainUs = 0;
  while (wall.nowUs() < deadlineUs) {
    if (wall.nowUs() > askAgainUs) {
      orThrow(await link.write(Buffer.from('name%')));
      askAgainUs = wall.nowUs() + 500_000;
    }
    const read = await link.read({ deadlineUs: Math.min(deadlineUs, askAgainUs) });
    if (read.kind === 'closed') break;
    if (read.kind === 'bytes') text += Buffer.from(read.bytes).toString();
    const found = /m-name-dut-\[([^\]]*)\]/.exec(text);
    if (found) return found[1]!;
  }
  return `no answer: ${text}`;
}

describe('a simulated board over TCP', () => {
  it.each(['free', 'real'] as const)('answers a client, and the next one, at %s pace', async (pace) => {
    const { bench, keeper } = await runningBench(pace);
    const carrier = keep(
      orThrow(await carry({ wire: bench.dut, name: 'dut' }, keeper, { kind: 'tcp', port: 0 })),
    );
    const port = Number(new URL(carrier.address).port);
    for (let client = 0; client < 2; client++) {
      const link = orThrow(await openTcp('127.0.0.1', port, wall));
      expect(await nameOf(link)).toBe('microjoule');
      await link[Symbol.asyncDispose]();
    }
  });

  it('at real pace virtual time goes with the wall clock, whether anybody reads or not', async () => {
    const { bench } = await runningBench('real');
    while (bench.clock.nowUs() === 0) await wall.sleepUntilUs(wall.nowUs() + 5_000);
    const wallFromUs = wall.nowUs();
    const fromUs = bench.clock.nowUs();
    await wall.sleepUntilUs(wallFromUs + 300_000);
    const passedUs = bench.clock.nowUs() - fromUs;
    expect(passedUs).toBeGreaterThan(100_000);
    expect(passedUs).toBeLessThanOrEqual(wall.nowUs() - wallFromUs + 20_000);
  });

  it('a client that floods the line waits, and what it sent arrives whole', async () => {
    const { bench, keeper } = await runningBench('free');
    const carried = { wire: bench.dut, name: 'dut', bytesPerSecond: 11_520 };
    const carrier = keep(orThrow(await carry(carried, keeper, { kind: 'tcp', port: 0 })));
    const link = keep(orThrow(await openTcp('127.0.0.1', Number(new URL(carrier.address).port), wall)));
    const began = bench.clock.nowUs();
    orThrow(await link.write(Buffer.from('nonsense%'.repeat(2_000))));
    expect(await nameOf(link)).toBe('microjoule');
    // 18 000 characters of 86.8 µs, less what the adapter holds
    expect(bench.clock.nowUs() - began).toBeGreaterThan(1_500_000);
  });
});

describeWith([needs.socat], 'a simulated board over a pseudo-terminal', () => {
  it('answers a serial program', async () => {
    const { bench, keeper } = await runningBench('free');
    const carrier = keep(orThrow(await carry({ wire: bench.dut, name: 'dut' }, keeper, { kind: 'pty' })));
    const link = keep(orThrow(await openSerial({ path: carrier.address, baud: 115_200, clock: wall })));
    expect(await nameOf(link)).toBe('microjoule');
  });
});
