import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../../src-main/base/clock.ts';
import { orThrow } from '../../../src-main/base/errors.ts';
import { Rng } from '../../../src-main/base/rng.ts';
import { encodeFrame } from '../../../src-main/link/cobs.ts';
import type { Link } from '../../../src-main/link/link.ts';
import { memoryLinkPair } from '../../../src-main/link/memory.ts';
import { openMicrophone } from '../../../src-main/stream/microphone.ts';
import { openSource } from '../../../src-main/stream/open-source.ts';
import type { SampleFormat, StreamBlock } from '../../../src-main/stream/sample-block.ts';
import { sourceOnLink } from '../../../src-main/stream/serial-source.ts';
import type { StreamSource } from '../../../src-main/stream/source.ts';

const IMU: SampleFormat = { kind: 'imu', channels: 6, sampleRateHz: 50 };

/** `index: first value` of every sample, `gap first+count` of every gap. */
function outline(blocks: readonly StreamBlock[]): string[] {
  return blocks.flatMap((b) =>
    b.type === 'gap'
      ? [`gap ${b.firstSample}+${b.sampleCount}`]
      : Array.from(
          { length: b.samples.length / b.format.channels },
          (_, i) => `${b.firstSample + i}: ${b.samples[i * b.format.channels]}`,
        ),
  );
}

/** Everything until the source fails or ends; the failure's id is the last line. */
async function drain(source: StreamSource): Promise<string[]> {
  const lines: string[] = [];
  for (;;) {
    const next = await source.next();
    if (!next.ok) return [...lines, next.id];
    if (!next.value) return lines;
    lines.push(...outline([next.value]));
  }
}

/** The payload of docs/streams.md by hand: index, then samples. */
function frame(sequence: number, first: number, values: readonly (readonly number[])[]): Uint8Array {
  const payload = Buffer.alloc(4 + values.length * 12);
  payload.writeUInt32LE(first >>> 0, 0);
  values.flat().forEach((v, i) => payload.writeInt16LE(v, 4 + 2 * i));
  return encodeFrame({ sequence, payload });
}

const six = (v: number) => [v, 0, 0, 0, 0, 0];
const text = (link: Link, lines: string) => link.write(Buffer.from(lines));

/** A board at the far end that sends so many frames of two samples, 40 ms apart, some of them damaged by `spoil`. */
async function sendFrames(
  far: Link,
  count: number,
  spoil: (bytes: Uint8Array, k: number) => Uint8Array | null = (b) => b,
): Promise<void> {
  for (let k = 0; k < count; k++) {
    const bytes = spoil(frame(k, 2 * k, [six(2 * k), six(2 * k + 1)]), k);
    if (bytes) await far.write(bytes);
    await far.clock.sleepUntilUs(far.clock.nowUs() + 40_000);
  }
  await far[Symbol.asyncDispose]();
}

describe('binary frames from a board', () => {
  it('give the samples with their own indices', async () => {
    const { near, far } = memoryLinkPair();
    const source = orThrow(await sourceOnLink({ link: near, kind: 'frames', format: IMU }));
    void sendFrames(far, 3);
    expect(await drain(source)).toEqual([
      ...Array.from({ length: 6 }, (_, i) => `${i}: ${i}`),
      'stream.source-lost',
    ]);
    expect(source.notes()).toEqual([]);
  });

  it('a lost frame is a gap of exactly its samples', async () => {
    const { near, far } = memoryLinkPair();
    const source = orThrow(await sourceOnLink({ link: near, kind: 'frames', format: IMU }));
    void sendFrames(far, 4, (b, k) => (k === 1 || k === 2 ? null : b));
    expect(await drain(source)).toEqual(['0: 0', '1: 1', 'gap 2+4', '6: 6', '7: 7', 'stream.source-lost']);
  });

  it('a flipped bit anywhere in a frame costs that frame only', async () => {
    const whole = frame(1, 2, [six(2), six(3)]);
    for (let at = 0; at < whole.length; at++) {
      const { near, far } = memoryLinkPair();
      const source = orThrow(await sourceOnLink({ link: near, kind: 'frames', format: IMU }));
      void sendFrames(far, 3, (b, k) => (k === 1 ? b.map((v, i) => (i === at ? v ^ 0x10 : v)) : b));
      const seen = await drain(source);
      const lostOne = ['0: 0', '1: 1', 'gap 2+2', '4: 4', '5: 5', 'stream.source-lost'];
      // the first delimiter only ends what was there before it: the frame survives its loss
      const none = [...Array.from({ length: 6 }, (_, i) => `${i}: ${i}`), 'stream.source-lost'];
      if (at === 0) expect([lostOne, none]).toContainEqual(seen);
      // without its end a frame runs into the next one's beginning, which ends it
      else expect(seen, `byte ${at}`).toEqual(lostOne);
    }
  });

  it('noise before the first frame is nothing', async () => {
    const { near, far } = memoryLinkPair();
    const source = orThrow(await sourceOnLink({ link: near, kind: 'frames', format: IMU }));
    await far.write(new Rng(1).bytes(3000));
    void sendFrames(far, 2);
    expect(await drain(source)).toEqual(['0: 0', '1: 1', '2: 2', '3: 3', 'stream.source-lost']);
    expect(source.notes()).toEqual([]);
  });

  it('a board that counts anew was reset', async () => {
    const { near, far } = memoryLinkPair();
    const source = orThrow(await sourceOnLink({ link: near, kind: 'frames', format: IMU }));
    void (async () => {
      await far.write(frame(0, 100, [six(1), six(2)]));
      await far.write(frame(0, 0, [six(1), six(2)]));
    })();
    expect(await drain(source)).toContain('stream.source-restarted');
  });

  it('a board that falls silent is lost after 3 s of its own clock', async () => {
    const clock = new ManualClock();
    const { near, far } = memoryLinkPair({ clock });
    const source = orThrow(await sourceOnLink({ link: near, kind: 'frames', format: IMU }));
    await far.write(frame(0, 0, [six(1), six(2)]));
    expect(await drain(source)).toEqual(['0: 1', '1: 2', 'stream.source-lost']);
    expect(clock.nowUs()).toBeGreaterThanOrEqual(3_000_000);
  });

  it('a board at twice the rate is refused, not streamed', async () => {
    const { near, far } = memoryLinkPair();
    const source = orThrow(
      await sourceOnLink({ link: near, kind: 'frames', format: { ...IMU, sampleRateHz: 25 } }),
    );
    void sendFrames(far, 100);
    expect((await drain(source)).at(-1)).toBe('stream.wrong-rate');
  });
});

describe('lines of text from a board', () => {
  /** Seven columns: ms, then six axes. The first line is cut, as it is when a port is opened. */
  async function sendLines(far: Link, lines: readonly string[]): Promise<void> {
    await text(far, '.98,0.00,0\r\n');
    for (const line of lines) {
      await text(far, `${line}\r\n`);
      await far.clock.sleepUntilUs(far.clock.nowUs() + 20_000);
    }
    await far[Symbol.asyncDispose]();
  }
  const row = (k: number) => `${1000 + 20 * k},${k / 8192},0,1,0,0,0`;

  it('are mapped by their look, times make gaps', async () => {
    const { near, far } = memoryLinkPair();
    void sendLines(far, [...Array.from({ length: 10 }, (_, k) => row(k)), 'crash!', row(14), row(15)]);
    const source = orThrow(await sourceOnLink({ link: near, kind: 'text', format: IMU }));
    expect(source.origin.details).toEqual(['time=0:ms,ax=1:g,ay=2:g,az=3:g,gx=4:dps,gy=5:dps,gz=6:dps']);
    expect(await drain(source)).toEqual([
      ...Array.from({ length: 10 }, (_, i) => `${i}: ${i}`),
      'gap 10+4',
      '14: 14',
      '15: 15',
      'stream.source-lost',
    ]);
    expect(source.notes()[0]).toMatch(/lines could not be used/);
  });

  it('begin with the stream: neither what came while the board was made ready, nor the rest of a line, is a sample', async () => {
    const { near, far } = memoryLinkPair();
    // no times: nothing would tell the old lines from the new
    const old = (k: number) => `${k / 8192},0,1,0,0,0`;
    await text(far, `.5,0,0\r\n${Array.from({ length: 12 }, (_, k) => old(k)).join('\r\n')}\r\n0.0`);
    const source = orThrow(await sourceOnLink({ link: near, kind: 'text', format: IMU }));
    await text(far, '9,9,9');
    source.begin!();
    void (async () => {
      await text(far, `.75,0.5,1,0,0,0\r\n`);
      for (const k of [100, 101]) await text(far, `${old(k)}\r\n`);
      await far[Symbol.asyncDispose]();
    })();
    expect(await drain(source)).toEqual(['0: 100', '1: 101', 'stream.source-lost']);
  });

  it('that hold no numbers are a clear error', async () => {
    const { near, far } = memoryLinkPair();
    void sendLines(
      far,
      Array.from({ length: 20 }, () => 'Hello from my board'),
    );
    expect(await sourceOnLink({ link: near, kind: 'text', format: IMU })).toMatchObject({
      ok: false,
      id: 'stream.columns-unclear',
    });
  });

  it('that never come are a clear error', async () => {
    const { near } = memoryLinkPair();
    expect(await sourceOnLink({ link: near, kind: 'text', format: IMU })).toMatchObject({
      ok: false,
      id: 'stream.source-lost',
    });
  });
});

describe('the microphone', () => {
  const node = process.execPath;
  /** A recorder that writes so many samples 0, 1, 2 … and then ends or hangs. */
  const recorder = (samples: number, then = ''): [string, ...string[]] => [
    node,
    '-e',
    `const b=Buffer.alloc(${samples}*2);for(let i=0;i<${samples};i++)b.writeInt16LE(i,2*i);process.stdout.write(b);${then}`,
  ];

  it('is whichever recorder is installed, and gives its samples', async () => {
    await using mic = orThrow(
      await openMicrophone({
        device: '',
        sampleRateHz: 16000,
        programs: [['no-such-recorder'], recorder(960, 'setTimeout(()=>{},60000)')],
      }),
    );
    const blocks = [];
    for (let i = 0; i < 3; i++) blocks.push(orThrow(await mic.next())!);
    expect(outline(blocks)).toEqual(Array.from({ length: 960 }, (_, i) => `${i}: ${i}`));
    expect(mic.live).toBe(true);
  });

  it('a reader that is slow loses nothing; what a recorder lost is a gap where it was lost', async () => {
    // 0.3 s of sound at once, then nothing for 1.6 s
    const late = 'setTimeout(()=>process.stdout.write(Buffer.alloc(640,1)),1600);setTimeout(()=>{},60000)';
    await using mic = orThrow(
      await openMicrophone({ device: '', sampleRateHz: 16000, programs: [recorder(4800, late)] }),
    );
    const lines: string[] = [];
    for (let i = 0; i < 17; i++) lines.push(...outline([orThrow(await mic.next())!]));
    expect(lines.slice(0, 4800)).toEqual(Array.from({ length: 4800 }, (_, i) => `${i}: ${i}`));
    const [first, count] = /^gap (\d+)\+(\d+)$/.exec(lines[4800]!)!.slice(1).map(Number) as [number, number];
    expect(first).toBe(4800);
    expect(count).toBeGreaterThan(16_000);
    expect(lines[4801]).toBe(`${4800 + count}: 257`);
  }, 20_000);

  it('begins with what is heard from then on', async () => {
    await using mic = orThrow(
      await openMicrophone({
        device: '',
        sampleRateHz: 16000,
        programs: [
          recorder(
            3200,
            'setTimeout(()=>process.stdout.write(Buffer.alloc(640,1)),700);setTimeout(()=>{},60000)',
          ),
        ],
      }),
    );
    await new Promise((resolve) => setTimeout(resolve, 500));
    mic.begin!();
    expect(outline([orThrow(await mic.next())!])[0]).toBe('0: 257');
  }, 20_000);

  it('without a recorder says what to install', async () => {
    expect(
      await openMicrophone({ device: '', sampleRateHz: 16000, programs: [['no-such-a'], ['no-such-b']] }),
    ).toMatchObject({ ok: false, id: 'stream.no-microphone', facts: { tried: ['no-such-a', 'no-such-b'] } });
  });

  it('a recorder that ends at once had no microphone; one that ends later lost it', async () => {
    const mic = async (program: [string, ...string[]]) =>
      drain(orThrow(await openMicrophone({ device: '', sampleRateHz: 16000, programs: [program] })));
    expect(await mic(recorder(0))).toEqual(['stream.no-microphone']);
    expect((await mic(recorder(640))).at(-1)).toBe('stream.source-lost');
  });
});

describe('--source', () => {
  const request = (spec: string, format: SampleFormat = IMU) =>
    openSource({ spec, format, clock: new ManualClock(), durationS: 1, seed: 1 });

  it('names a generator, or says which there are', async () => {
    await using imu = orThrow(await request('gen:imu'));
    expect(imu.frameCount).toBe(50);
    expect(await request('gen:piano')).toMatchObject({ id: 'stream.unknown-generator' });
  });

  it('that is nothing known is a clear error', async () => {
    expect(await request('nowhere.wav')).toMatchObject({ id: 'stream.cannot-read' });
    expect(await request('text:')).toMatchObject({ id: 'link.bad-address' });
  });
});
