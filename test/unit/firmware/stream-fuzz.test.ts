/** Whatever comes down the line while a stream runs: the device neither hangs nor touches what is not its own. */
import { expect, it } from 'vitest';
import { StreamSetupBytes } from '../../../src-main/abi/generated.ts';
import { crc32 } from '../../../src-main/base/crc.ts';
import { orThrow } from '../../../src-main/base/errors.ts';
import { Rng } from '../../../src-main/base/rng.ts';
import { encodeStreamFrame } from '../../../src-main/device/stream-codec.ts';
import {
  anomalyFeatures,
  type FeatureRecipe,
  type ImuRecipe,
} from '../../../src-main/engine/feature-recipe.ts';
import { streamSetup } from '../../../src-main/engine/stream-setup.ts';
import { encodeCobs, encodeFrame } from '../../../src-main/link/cobs.ts';
import { HostDut } from '../../host-dut.ts';
import { describeWith, needs } from '../../needs.ts';
import { identityProgram } from './identity-program.ts';
import { imageOf } from './images.ts';

const ROWS = 5;
const UNITS = 640;
const SILENCE_US = 60_000;
const imu: ImuRecipe = {
  kind: 'imu',
  sampleRateHz: 400,
  channels: 8,
  filters: [{ b: [0.98, -1.96, 0.98], a: [-1.9599, 0.9605] }],
  removeMean: true,
  unitsPerCount: Array.from({ length: 8 }, () => 0.001),
};

function setupOf(features: FeatureRecipe, rows: number): Uint8Array {
  return orThrow(
    streamSetup({
      features,
      window: { rows, hopRows: 2 },
      model: { inputScale: 0.5, inputZeroPoint: 0 },
      encoding: 'int16',
      blockBytes: 128,
      detection: { smoothingWindows: 3, threshold: 0, refractorySamples: 0, ignoredClasses: [] },
      sendFeatures: true,
      silenceUs: SILENCE_US,
      dropBacklogBytes: 0,
    }),
  );
}

const program = identityProgram({ units: UNITS, layers: 1, scale: 0.5, zeroPoint: 0 });

async function load(dut: HostDut, setup: Uint8Array): Promise<void> {
  dut.write(`mj load stream ${setup.length}%`);
  await dut.until('m-mj-load-[');
  for (let at = 0, sequence = 0; at < setup.length; at += 1024, sequence++)
    dut.write(encodeFrame({ sequence, payload: setup.subarray(at, at + 1024) }));
  await dut.until('m-ready\r\n');
}

/** A frame with a good CRC around anything. */
function sealed(body: Uint8Array): Uint8Array {
  const whole = new Uint8Array(body.length + 4);
  whole.set(body);
  new DataView(whole.buffer).setUint32(body.length, crc32(body), true);
  return Uint8Array.from([0, ...encodeCobs(whole), 0]);
}

function sampleFrame(rng: Rng, sequence: number, firstSample: number): Uint8Array {
  const count = 8;
  return encodeStreamFrame({ type: 'samples', sequence, firstSample, count, payload: rng.bytes(16 * count) });
}

function mutated(rng: Rng, frame: Uint8Array): Uint8Array {
  const out = frame.slice();
  for (let n = rng.int(1, 3); n > 0; n--) out[rng.int(0, out.length - 1)] = rng.int(0, 255);
  return rng.float() < 0.3 ? out.slice(rng.int(0, 10), out.length - rng.int(0, 10)) : out;
}

/** Something a bad line or a bad host might send. */
function anything(rng: Rng, n: number): Uint8Array {
  const kind = rng.int(0, 5);
  if (kind === 0) return rng.bytes(rng.int(1, 600));
  if (kind === 1) return sealed(rng.bytes(rng.int(0, 300)));
  if (kind === 2) return mutated(rng, sampleFrame(rng, n, 8 * n));
  if (kind === 3) return new Uint8Array(rng.int(1, 50));
  if (kind === 4) {
    const head = Uint8Array.from([rng.int(1, 4), 0, ...rng.bytes(10)]);
    // nothing that ends the stream: it is to go on
    if (head[0] === 3) head[0] = 2;
    return sealed(Uint8Array.from([...head, ...rng.bytes(rng.pick([0, 0, 16, 128, 130]))]));
  }
  return sampleFrame(rng, n, 8 * n);
}

describeWith([needs.hostCc], 'the device’s end of a stream under sanitizers', () => {
  it.each([
    ['audio', anomalyFeatures, ROWS],
    ['six axes', imu, UNITS / 8],
  ] as const)(
    'survives garbage, forged and damaged frames, then answers its dialect: %s',
    async (_, recipe, rows) => {
      await using dut = new HostDut(imageOf(program).bin, { sanitized: true });
      await dut.until('m-ready\r\n');
      for (let seed = 1; seed <= 8; seed++) {
        const rng = new Rng(seed);
        await load(dut, setupOf(recipe, rows));
        dut.write('mj stream%');
        await dut.until('m-mj-stream-[');
        for (let n = 0; n < 150; n++) dut.write(anything(rng, n));
        const end = await dut.until('m-ready\r\n');
        expect(end).toMatch(/m-mj-stream-done-\[samples=\d+,gaps=\d+,windows=\d+,dropped=0,reason=silence\]/);
        expect(await dut.lines('name')).toEqual(['m-name-dut-[unspecified]']);
      }
      expect(dut.exitCode).toBeNull();
    },
  );

  it('refuses or runs a set-up whose contents make no sense, whatever they are', async () => {
    await using dut = new HostDut(imageOf(program).bin, { sanitized: true });
    await dut.until('m-ready\r\n');
    const rng = new Rng(77);
    let refused = 0;
    for (let round = 0; round < 60; round++) {
      const setup = (round % 2 ? setupOf(anomalyFeatures, ROWS) : setupOf(imu, UNITS / 8)).slice();
      // fields after the CRC; its tables now and then
      const at = rng.float() < 0.7 ? rng.int(16, StreamSetupBytes - 1) : rng.int(16, setup.length - 1);
      setup[at] = rng.int(0, 255);
      // a silence of a minute would be waited for
      new DataView(setup.buffer).setUint32(48, SILENCE_US / 4, true);
      new DataView(setup.buffer).setUint32(12, crc32(setup.subarray(16)), true);
      await load(dut, setup);
      dut.write('mj stream%');
      for (let n = 0; n < 20; n++) dut.write(sampleFrame(rng, n, 8 * n));
      const heard = await dut.until('m-ready\r\n');
      if (heard.includes('e-[mj stream: ')) refused++;
      else expect(heard).toContain('m-mj-stream-done-[');
      // what was left of the frames may have been taken for a command
      dut.write('%');
      await dut.until('m-ready\r\n');
    }
    expect(refused).toBeGreaterThan(5);
    expect(dut.exitCode).toBeNull();
  });

  it.each([
    ['mj stream', 'e-[mj stream: no set-up was loaded]'],
    ['mj load stream 20000', "e-[mj load: a stream's set-up holds at most 16384 bytes]"],
  ])('refuses %s without what it needs', async (command, reply) => {
    await using dut = new HostDut(imageOf(program).bin);
    await dut.until('m-ready\r\n');
    expect(await dut.lines(command)).toEqual([reply]);
  });

  it('refuses a window that the model does not take, and goes on', async () => {
    await using dut = new HostDut(imageOf(program).bin);
    await dut.until('m-ready\r\n');
    await load(dut, setupOf(imu, 10));
    expect(await dut.lines('mj stream')).toEqual(['e-[mj stream: the window is not what the input takes]']);
    const other = setupOf(imu, UNITS / 8);
    other[20]! ^= 1;
    await load(dut, other);
    expect(await dut.lines('mj stream')).toEqual(["e-[mj stream: the set-up's CRC]"]);
  });
});
