import { afterAll, beforeAll, expect, it } from 'vitest';
import { crc32 } from '../../../src-main/base/crc.ts';
import { Rng } from '../../../src-main/base/rng.ts';
import { pico } from '../../../src-main/board/pico.ts';
import { encodeFrame } from '../../../src-main/link/cobs.ts';
import { HostDut } from '../../host-dut.ts';
import { describeWith, needs } from '../../needs.ts';
import { identityProgram } from './identity-program.ts';
import { imageOf } from './images.ts';

const program = identityProgram({ units: 64, layers: 5, scale: 1 / 256, zeroPoint: -128 });
/** The host port has what the Pico's descriptor promises. */
const poolBytes = pico.image.arenaBytes;
const hex8 = (n: number) => n.toString(16).padStart(8, '0');

/** Frames of an upload, 128 bytes each. */
const framesOf = (bytes: Uint8Array, size = 128): Uint8Array[] =>
  Array.from({ length: Math.ceil(bytes.length / size) }, (_, sequence) =>
    encodeFrame({ sequence, payload: bytes.subarray(sequence * size, (sequence + 1) * size) }),
  );

async function begin(dut: HostDut, kind: string, bytes: number): Promise<void> {
  dut.write(`mj load ${kind} ${bytes}%`);
  expect(await dut.until(']\r\n')).toBe(`m-mj-load-[${kind},${bytes}]\r\n`);
}

async function exchange(dut: HostDut, frame: Uint8Array): Promise<string> {
  dut.write(frame);
  return (await dut.until('\r\n')).trim();
}

describeWith([needs.hostCc], 'The mj extension', () => {
  let dut: HostDut;
  const input = Uint8Array.from({ length: 64 }, (_, i) => i * 4);
  beforeAll(async () => {
    dut = new HostDut(imageOf(program).bin);
    await dut.lines();
  });
  afterAll(() => dut[Symbol.asyncDispose]());

  const load = async (kind: string, bytes: Uint8Array) => {
    await begin(dut, kind, bytes.length);
    for (const [i, f] of framesOf(bytes).entries()) expect(await exchange(dut, f)).toBe(`m-mj-ack-[${i}]`);
    return dut.lines();
  };

  it('says who it is', async () => {
    const image = imageOf(program);
    expect(await dut.lines('mj id')).toEqual([
      `m-mj-id-[abi=1,fw=${image.firmwareHash},program=${program.programHash},model=0001020304050607,board=host,` +
        `mode=performance,clk=1000000000,baud=115200,ops=5,arena=${poolBytes},in=64,out=64,status=0,source=image]`,
    ]);
  });

  it('has no output before the first inference', async () => {
    expect(await dut.lines('mj out')).toEqual(['e-[mj out: no inference has been run]']);
    expect(await dut.lines('results')).toEqual(['e-[No inference has been run]']);
  });

  it('loads an input in frames and gives the raw outputs back with their CRC', async () => {
    expect(await load('input', input)).toEqual([`m-mj-load-done-[${hex8(crc32(input))}]`]);
    await dut.lines('infer 3 1');
    const hex = Buffer.from(input).toString('hex');
    expect(await dut.lines('mj out')).toEqual([
      `m-mj-out-[0,${hex.slice(0, 64)}]`,
      `m-mj-out-[32,${hex.slice(64)}]`,
      `m-mj-outcrc-[${hex8(crc32(input))}]`,
    ]);
  });

  it('gives cycles for every operator of the plan and their sum', async () => {
    const reply = await dut.lines('mj prof');
    expect(reply[0]).toMatch(/^m-mj-prof-\[ops=5,overhead=\d+\]$/);
    const ops = reply.slice(1, -1).map((l) => /^m-mj-op-\[(\d+),3,(\d+)\]$/.exec(l)!);
    expect(ops.map((m) => Number(m[1]))).toEqual([0, 1, 2, 3, 4]);
    expect(reply.at(-1)).toBe(`m-mj-total-[${ops.reduce((sum, m) => sum + Number(m[2]), 0)}]`);
  });

  it('profiles plans of more operators than it has slots for', async () => {
    await using long = new HostDut(
      imageOf(identityProgram({ units: 4, layers: 300, scale: 1, zeroPoint: 0 })).bin,
    );
    await long.lines();
    await long.lines('db load 4');
    await long.lines('db 01020304');
    const ops = (await long.lines('mj prof')).filter((l) => l.startsWith('m-mj-op-['));
    expect(ops.map((l) => Number(l.slice(9).split(',')[0]))).toEqual(
      Array.from({ length: 300 }, (_, i) => i),
    );
  });

  it('reads the high-water mark from the paint', async () => {
    expect(await dut.lines('mj paint')).toEqual(['m-mj-paint-done']);
    expect(await dut.lines('mj arena')).toEqual([`m-mj-arena-[high=0,size=${poolBytes}]`]);
    await dut.lines('infer 1 0');
    expect(await dut.lines('mj arena')).toEqual([`m-mj-arena-[high=128,size=${poolBytes}]`]);
  });

  it('runs an uploaded Program from RAM', async () => {
    const other = identityProgram({ units: 16, layers: 2, scale: 0.5, zeroPoint: 1 });
    expect(await load('program', other.bytes)).toEqual([`m-mj-load-done-[${hex8(crc32(other.bytes))}]`]);
    const id = (await dut.lines('mj id'))[0]!;
    expect(id).toContain(`program=${other.programHash}`);
    expect(id).toContain(`arena=${poolBytes - other.bytes.length}`);
    expect(id).toContain('source=ram');
    await dut.lines('db load 16');
    await dut.lines('db 0102030405060708090a0b0c0d0e0f10');
    expect((await dut.lines('infer 1 0')).at(-1)).toMatch(/^m-results-\[0\.000,0\.500,1\.000,.*7\.500\]$/);
  });

  it('refuses a damaged Program and comes back to the image’s own', async () => {
    const damaged = program.bytes.slice();
    damaged[200]! ^= 1;
    expect(await load('program', damaged)).toEqual(['e-[mj load: Program refused, status 3]']);
    expect((await dut.lines('mj id'))[0]).toContain(`program=${program.programHash}`);
  });

  it.each([
    ['mj load', 'e-[mj load: usage: mj load input|program|stream BYTES]'],
    ['mj load input 0', 'e-[mj load: usage: mj load input|program|stream BYTES]'],
    ['mj load input 99999999999', 'e-[mj load: usage: mj load input|program|stream BYTES]'],
    ['mj load input 27649', 'e-[mj load: an input holds at most 27648 bytes]'],
    [`mj load program ${poolBytes}`, 'e-[mj load: larger than the memory for arena and Program]'],
    ['mj load firmware 16', 'e-[mj load: usage: mj load input|program|stream BYTES]'],
    ['mj baud 12', 'e-[mj baud: not a rate this board can do]'],
    ['mj', 'e-[mj : unknown command]'],
    ['mj fly', 'e-[mj fly: unknown command]'],
  ])('refuses %j', async (command, reply) => {
    expect(await dut.lines(command)).toEqual([reply]);
  });

  it('restarts on request', async () => {
    dut.write('mj reset%');
    expect(await dut.until('m-mj-reset\r\n')).toBe('m-mj-reset\r\n');
    expect((await dut.lines())[0]).toBe('m-timestamp-mode-performance');
    expect((await dut.lines('mj id'))[0]).toContain('source=image');
  });

  it('changes the rate after m-ready and keeps it once spoken to', async () => {
    expect(await dut.lines('mj baud 921600')).toEqual(['m-mj-baud-[921600]']);
    expect((await dut.lines('mj id'))[0]).toContain('baud=921600');
  });
});

describeWith([needs.hostCc], 'Uploads over a bad line', () => {
  const bytes = Uint8Array.from({ length: 1000 }, (_, i) => (i * 7) & 0xff);
  const frames = framesOf(bytes);
  const fed = async (): Promise<HostDut> => {
    const dut = new HostDut(imageOf(null).bin, { sanitized: true });
    await dut.lines();
    await begin(dut, 'input', bytes.length);
    return dut;
  };
  const finish = async (dut: HostDut, from: number) => {
    for (let i = from; i < frames.length; i++)
      expect(await exchange(dut, frames[i]!)).toBe(`m-mj-ack-[${i}]`);
    expect(await dut.lines()).toEqual([`m-mj-load-done-[${hex8(crc32(bytes))}]`]);
  };

  it('naks a frame with any single byte changed and takes its repetition', async () => {
    await using dut = await fed();
    const good = frames[0]!;
    for (let at = 1; at + 1 < good.length; at += 3) {
      const damaged = good.slice();
      damaged[at]! ^= 0x55;
      // where the change makes a 0x00 the frame falls into two, each refused
      if (damaged[at] === 0) continue;
      expect(await exchange(dut, damaged)).toMatch(/^m-mj-nak-\[0,(crc|cobs|short|length)\]$/);
      if (at > 60) break; // 64 bad frames in a row end the upload
    }
    await finish(dut, 0);
  });

  it('acknowledges a repeated frame again without taking it twice', async () => {
    await using dut = await fed();
    expect(await exchange(dut, frames[0]!)).toBe('m-mj-ack-[0]');
    expect(await exchange(dut, frames[0]!)).toBe('m-mj-ack-[0]');
    await finish(dut, 1);
  });

  it('asks for the frame that is missing', async () => {
    await using dut = await fed();
    expect(await exchange(dut, frames[0]!)).toBe('m-mj-ack-[0]');
    expect(await exchange(dut, frames[2]!)).toBe('m-mj-nak-[1,seq]');
    await finish(dut, 1);
  });

  it('finds the next frame after garbage', async () => {
    await using dut = await fed();
    const rng = new Rng(1);
    dut.write(Uint8Array.from({ length: 3000 }, () => 1 + (rng.u32() % 255)));
    // the frame's leading 0x00 ends the garbage, which is answered first
    expect(await exchange(dut, frames[0]!)).toBe('m-mj-nak-[0,length]');
    expect(await dut.until('\r\n')).toBe('m-mj-ack-[0]\r\n');
    await finish(dut, 1);
  });

  it('refuses frames that carry more than was announced', async () => {
    await using dut = await fed();
    const long = encodeFrame({ sequence: 0, payload: new Uint8Array(1001) });
    expect(await exchange(dut, long)).toBe('m-mj-nak-[0,size]');
    const tooLong = encodeFrame({ sequence: 0, payload: new Uint8Array(1100) });
    expect(await exchange(dut, tooLong)).toBe('m-mj-nak-[0,length]');
    await finish(dut, 0);
  });

  it('gives up after 64 bad frames, after 3 s of silence and when told to', async () => {
    await using dut = await fed();
    const bad = Uint8Array.of(0, 5, 1, 2, 3, 4, 0);
    for (let i = 0; i < 64; i++) expect(await exchange(dut, bad)).toBe('m-mj-nak-[0,crc]');
    expect(await dut.lines()).toEqual(['e-[mj load: too many bad frames]']);

    await begin(dut, 'input', 1000);
    dut.write(encodeFrame({ sequence: 0xffff, payload: new Uint8Array(0) }));
    expect(await dut.lines()).toEqual(['e-[mj load: cancelled]']);

    await begin(dut, 'input', 1000);
    dut.write(frames[0]!.subarray(0, 40));
    expect(await dut.lines()).toEqual(['e-[mj load: time-out]']);
    expect(await dut.lines('name')).toEqual(['m-name-dut-[unspecified]']);
  });
});

describeWith([needs.hostCc], 'Hostile input', () => {
  it('survives 100 000 random bytes under address and undefined-behaviour sanitizers', async () => {
    await using dut = new HostDut(imageOf(program).bin, { sanitized: true });
    await dut.lines();
    const rng = new Rng(7);
    const words = [
      'name%',
      'db load 64%',
      'db 00%',
      'db ',
      'infer 1 0%',
      'mj id%',
      'mj out%',
      'results%',
      '%',
      'mj prof%',
    ];
    const chunks: Buffer[] = [];
    let length = 0;
    while (length < 100_000) {
      const known = rng.u32() % 10 === 0;
      const chunk = known
        ? Buffer.from(words[rng.u32() % words.length]!)
        : Buffer.from(Array.from({ length: 20 }, () => rng.u32() & 0xff));
      chunks.push(chunk);
      length += chunk.length;
    }
    dut.write(Buffer.concat(chunks));
    dut.write('%%name%');
    await dut.until('m-name-dut-[unspecified]\r\nm-ready\r\n');
    // as a device session does: until its own reply comes
    dut.write('profile%');
    await dut.until('m-model-[kws01]\r\nm-ready\r\n');
    expect(dut.stderr).toBe('');
  });

  it('survives 100 000 random bytes within an upload, then speaks again', async () => {
    await using dut = new HostDut(imageOf(program).bin, { sanitized: true });
    await dut.lines();
    await begin(dut, 'program', 100_000);
    const rng = new Rng(8);
    dut.write(Uint8Array.from({ length: 100_000 }, () => rng.u32() & 0xff));
    await dut.until('e-[mj load: too many bad frames]\r\nm-ready\r\n');
    dut.write('%');
    dut.write('mj id%');
    expect(await dut.until('status=0,source=image]\r\n')).toContain(`program=${program.programHash}`);
    expect(dut.stderr).toBe('');
  });
});
