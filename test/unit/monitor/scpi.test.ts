import { describe, expect, it } from 'vitest';
import { orThrow } from '../../../src-main/base/errors.ts';
import { Rng } from '../../../src-main/base/rng.ts';
import { openScpi } from '../../../src-main/monitor/scpi/driver.ts';
import { ScpiReplyParser, type ScpiReply } from '../../../src-main/monitor/scpi/reply-parser.ts';
import { createScpiTwin } from '../../../src-main/sim/monitors/scpi-twin.ts';
import { twinBench } from './twin-bench.ts';

function feed(bytes: Uint8Array, pieces: number): ScpiReply | null {
  const parser = new ScpiReplyParser(8);
  let reply: ScpiReply | null = null;
  for (let at = 0; at < bytes.length; at += pieces) {
    reply = parser.push(bytes.subarray(at, at + pieces));
    if (reply && reply.kind !== 'perhaps') return reply;
  }
  return reply;
}

const bytesOf = (head: string, body: Uint8Array) =>
  Buffer.concat([Buffer.from(head), body, Buffer.from('\n')]);

describe('answers of a SCPI instrument', () => {
  const body = new Rng(3).bytes(8 * 200);

  it.each([1, 2, 3, 7, 64, 5000])(
    'a block of known length is whole however it is cut: %s bytes',
    (pieces) => {
      expect(feed(bytesOf('#41600', body), pieces)).toEqual({ kind: 'block', bytes: new Uint8Array(body) });
    },
  );

  it.each([1, 2, 3, 7, 64, 5000])(
    'a block of unknown length may end where whole items do: cut every %s',
    (pieces) => {
      expect(feed(bytesOf('#0', body), pieces)).toEqual({ kind: 'perhaps', bytes: new Uint8Array(body) });
    },
  );

  it('a line is a line, and what follows it is kept', () => {
    const parser = new ScpiReplyParser(8);
    expect(parser.push(Buffer.from('+1.5E-3\r\n0,"No error"\n'))).toEqual({ kind: 'line', text: '+1.5E-3' });
    expect(parser.push(Buffer.from(''))).toEqual({ kind: 'line', text: '0,"No error"' });
  });

  it.each([
    ['#x', 'no digits'],
    ['#3a10', 'no number'],
    ['#9999999999', 'no number'],
    ['#11abc', 'longer'],
  ])('%s is refused', (text, why) => {
    expect(feed(Buffer.from(`${text}\n\n\n\n`), 100)).toMatchObject({
      kind: 'bad',
      why: expect.stringContaining(why) as string,
    });
  });

  it('noise neither throws nor grows', () => {
    const rng = new Rng(8);
    for (let round = 0; round < 300; round++) {
      const parser = new ScpiReplyParser(8);
      for (let k = 0; k < 20; k++) {
        const noise = rng.bytes(rng.int(0, 200));
        if (round % 2) noise[0] = 0x23;
        const reply = parser.push(noise);
        if (reply?.kind === 'block') expect(reply.bytes.length).toBeLessThan(5000);
      }
    }
  });
});

describe('a SCPI source meter', () => {
  it('is known by its name, and tells serial and firmware', async () => {
    const monitor = orThrow(await openScpi(twinBench(createScpiTwin()).link));
    expect(monitor.profile.id).toBe('generic');
    expect(monitor.identity).toMatchObject({ serial: 'E0001', hardware: 'Microjoule Emulated source meter' });
    const log = orThrow(await openScpi(twinBench(createScpiTwin({ profile: 'fastlog' })).link));
    expect([log.profile.id, log.streamFormat.sampleRateHz]).toEqual(['fastlog', 1000]);
  });

  it('says what the instrument refused', async () => {
    const monitor = orThrow(await openScpi(twinBench(createScpiTwin()).link, { profile: 'fastlog' }));
    orThrow(await monitor.setSupply({ mode: 'source', millivolts: 3300 }));
    // a profile that the instrument does not have: its log commands are unknown to it
    const end = await monitor.stream({
      words: () => undefined,
      gap: () => undefined,
      mark: () => undefined,
      supply: () => undefined,
      calibration: () => undefined,
      settle: async () => ({ ok: true, value: undefined }),
    });
    expect(end).toMatchObject({ kind: 'lost', failure: { id: 'monitor.command-refused' } });
  });

  it('an unknown profile is refused, with those that are known', async () => {
    expect(await openScpi(twinBench(createScpiTwin()).link, { profile: 'other' })).toMatchObject({
      ok: false,
      id: 'monitor.unknown-profile',
    });
  });

  it('the supply of a recording is what it measured', async () => {
    const monitor = orThrow(await openScpi(twinBench(createScpiTwin()).link));
    orThrow(await monitor.setSupply({ mode: 'source', millivolts: 3300 }));
    orThrow(await monitor.setDutPower(true));
    const supplies: object[] = [];
    const streaming = monitor.stream({
      words: () => undefined,
      gap: () => undefined,
      mark: () => undefined,
      supply: (s) => void supplies.push(s),
      calibration: () => undefined,
      settle: async () => ({ ok: true, value: undefined }),
    });
    await monitor.clock.sleepUntilUs(monitor.clock.nowUs() + 300_000);
    await monitor.stopStream();
    await streaming;
    expect(supplies).toEqual([
      { volts: 3.3, uncertaintyV: expect.closeTo(0.0083, 6) as number, origin: 'measured' },
    ]);
  });
});
