/** The serial port an emulated board shows over USB, as other programs find it. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { WallClock } from '../../src-main/base/clock.ts';
import { orThrow } from '../../src-main/base/errors.ts';
import { Rng } from '../../src-main/base/rng.ts';
import { openLink } from '../../src-main/link/open.ts';
import { describeWith, needs, root } from '../needs.ts';
import { brokenUsbImage } from '../unit/sim/usb/usb-board.ts';
import { microjoule, scratch } from './cli-process.ts';
import { emulating } from './served-process.ts';

const image = join(root, 'test/images/prebuilt/usb-cdc.uf2');
const clock = new WallClock();
const { dir, remove } = scratch();
afterAll(remove);

describe('microjoule emulate pico --usb-tcp', () => {
  it.each(['real', 'free'] as const)('echoes 20 000 bytes in order at %s pace', async (pace) => {
    await using served = await emulating(['pico', '--usb-tcp', '0', '--uf2', image, '--pace', pace]);
    expect(Object.keys(served.listens)).toEqual(['usb']);
    await using link = orThrow(await openLink(served.listens.usb!, { clock, baud: 115_200 }));
    const bytes = new Rng(8).bytes(20_000);
    orThrow(await link.write(bytes));
    const parts: Uint8Array[] = [];
    const deadlineUs = clock.nowUs() + 15e6;
    while (parts.reduce((n, p) => n + p.length, 0) < bytes.length) {
      const read = await link.read({ deadlineUs });
      if (read.kind !== 'bytes') throw new Error(`${read.kind} after ${parts.length} reads`);
      parts.push(read.bytes);
    }
    expect(Buffer.concat(parts).equals(Buffer.from(bytes))).toBe(true);
  });

  it.each([
    [['--usb-tcp', '0', '--usb-pty', '/tmp/x'], 'cli.two-places'],
    [['--usb-pty', '/tmp/x', '--pty', '/tmp/x'], 'cli.same-place'],
    [[], 'cli.no-place'],
  ])('%j is refused as %s', async (places, id) => {
    const answer = await microjoule(['emulate', 'pico', '--uf2', image, ...places]);
    expect(answer.stderr).toContain(id);
    expect(answer.code).toBe(2);
  });
});

describeWith([needs.armGcc], 'microjoule emulate pico --usb-tcp with wrong firmware', () => {
  it('a board that enumerates wrongly is named on standard error', async () => {
    const wrong = join(dir, 'wrong-length.uf2');
    writeFileSync(wrong, brokenUsbImage('LENGTH'));
    const answer = await microjoule(
      ['emulate', 'pico', '--usb-tcp', '0', '--uf2', wrong, '--pace', 'free', '--for', '20'],
      { when: { text: 'usb-bad-descriptor', act: (kill) => kill('SIGINT') } },
    );
    expect(answer.stderr).toContain('sim.diagnosis.usb-bad-descriptor');
    expect(answer.stderr).toContain('wTotalLength=79');
  });
});
