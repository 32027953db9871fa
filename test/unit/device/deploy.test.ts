import { describe, expect, it } from 'vitest';
import { fail, ok, orThrow, type Result } from '../../../src-main/base/errors.ts';
import { deploy, type DeployImage } from '../../../src-main/device/deploy.ts';
import { memoryLinkPair } from '../../../src-main/link/memory.ts';
import type { Programmer } from '../../../src-main/link/programmer.ts';
import { serveScriptedDut, type DutScript } from '../../../src-main/sim/scripted-dut.ts';

const image: DeployImage = {
  uf2: Uint8Array.of(1, 2, 3),
  firmwareHash: '00c0ffee',
  programHash: 'deadbeef',
  modelHash: '0123456789abcdef'.repeat(4),
  mode: 'performance',
  board: 'pico',
};
const id = (changes: Record<string, string> = {}) =>
  Object.entries({
    abi: '1',
    fw: '00c0ffee',
    program: 'deadbeef',
    model: '0123456789abcdef',
    board: 'pico',
    mode: 'performance',
    clk: '125000000',
    baud: '115200',
    ops: '2',
    arena: '4096',
    in: '490',
    out: '3',
    status: '0',
    source: 'image',
    ...changes,
  })
    .map(([key, value]) => `${key}=${value}`)
    .join(',');

/** A board whose programming starts the scripted DUT, as a boot loader starts the firmware. */
function board(script: DutScript, programs: () => Result<void> = () => ok()) {
  const { near, far } = memoryLinkPair();
  const written: Uint8Array[] = [];
  // What the old firmware still had to say must not be taken for the new one's
  void far.write(Buffer.from('m-name-dut-[old]\r\nm-ready\r\n'));
  const programmer: Programmer = {
    kind: 'sim',
    program: async (uf2) => {
      const done = programs();
      if (done.ok) {
        written.push(uf2);
        serveScriptedDut(far, { bootUs: 300_000, ...script });
      }
      return done;
    },
    reset: async () => ok(),
    [Symbol.asyncDispose]: async () => undefined,
  };
  return { link: near, programmer, written };
}

describe('deploy', () => {
  it('programs, waits for the boot lines and gives a session with the image that was asked for', async () => {
    const { link, programmer, written } = board({ mj: { id: id() } });
    const session = orThrow(await deploy(programmer, link, image, { mode: 'performance' }));
    expect(written).toEqual([image.uf2]);
    expect(session.identity).toMatchObject({ vendor: 'scripted', mode: 'performance' });
    expect(session.mj!.identity.programHash).toBe('deadbeef');
  });

  it.each([
    ['fw', '0badf00d', 'firmware: 0badf00d instead of 00c0ffee'],
    ['program', '00000000', 'program: 00000000 instead of deadbeef'],
    ['model', 'ffff456789abcdef', 'model: ffff456789abcdef instead of 0123456789abcdef'],
    ['board', 'nucleo', 'board: nucleo instead of pico'],
    ['mode', 'energy', 'mode: energy instead of performance'],
  ])('refuses a device that runs something else: %s', async (key, value, differs) => {
    const { link, programmer } = board({ mj: { id: id({ [key]: value }) } });
    const refused = await deploy(programmer, link, image);
    expect(refused).toMatchObject({ ok: false, id: 'device.wrong-image', facts: { differs: [differs] } });
  });

  it('refuses a firmware that does not know mj, and one that cannot run its Program', async () => {
    const old = board({});
    expect(await deploy(old.programmer, old.link, image)).toMatchObject({
      ok: false,
      id: 'device.wrong-image',
    });
    const broken = board({ mj: { id: id({ status: '6' }) } });
    expect(await deploy(broken.programmer, broken.link, image)).toMatchObject({
      ok: false,
      id: 'device.program-refused',
      facts: { status: 6 },
    });
  });

  it('takes a board without a Program for what it is, and no other, when the image has none', async () => {
    const bare = { ...image, programHash: null, modelHash: '0'.repeat(64) };
    const empty = { program: '00000000', model: '0000000000000000', status: '3' };
    const { link, programmer } = board({ mj: { id: id(empty) } });
    expect(orThrow(await deploy(programmer, link, bare)).mj!.identity.programStatus).toBe(3);
    const stale = board({ mj: { id: id() } });
    expect(await deploy(stale.programmer, stale.link, bare)).toMatchObject({
      ok: false,
      id: 'device.wrong-image',
    });
  });

  it('says so in bounded time when the board does not come back', async () => {
    const { link, programmer } = board({ faults: [{ kind: 'silent' }], boots: false });
    expect(await deploy(programmer, link, image)).toMatchObject({ ok: false, id: 'device.no-reply' });
    expect(link.clock.nowUs()).toBeLessThan(30e6);
  });

  it('hands on why it could not be programmed, and does not talk to the board then', async () => {
    const { link, programmer, written } = board({}, () => fail('programmer.no-drive', {}, 'c', 'n'));
    expect(await deploy(programmer, link, image)).toMatchObject({ ok: false, id: 'programmer.no-drive' });
    expect(written).toEqual([]);
  });
});
