/**
 * Whole models on the emulated Pico, as the product deploys and drives it: the raw output bytes of `mj out` equal the
 * host twin's and, where it is installed, TensorFlow Lite Micro's.
 */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { InputEncoding, type TensorRecord } from '../../src-main/abi/generated.ts';
import { orThrow } from '../../src-main/base/errors.ts';
import { Rng } from '../../src-main/base/rng.ts';
import { pico } from '../../src-main/board/pico.ts';
import { prepare } from '../../src-main/core.ts';
import { deployImage } from '../../src-main/core/deploy-image.ts';
import type { Session } from '../../src-main/device/session.ts';
import { encodedBytes, tensorsOf } from '../../src-main/engine/harness-io.ts';
import { openTwin, type Twin } from '../../src-main/engine/twin.ts';
import { openSimulatedBench } from '../../src-main/sim/simulated-bench.ts';
import { describeWith, needs, python, root, sharedDir } from '../needs.ts';
import { runTflm } from './tflm.ts';

const INPUTS = 5;
const SAMPLES = 25;
/** Of the 500, evenly spread over the classes' order. */
const SAMPLE_STEP = 20;

interface Deployed {
  readonly path: string;
  readonly encoding: InputEncoding;
  readonly twin: Twin;
  readonly session: Session;
}

/** Deploys once, at the fastest line rate that carries the inputs, and hands the parts to `use`. */
async function onEmulatedPico(path: string, use: (deployed: Deployed) => Promise<void>): Promise<void> {
  const { model, image, program } = orThrow(prepare(path, 'pico-emulated'));
  await using bench = orThrow(await openSimulatedBench({ seed: 1, monitor: 'none' }));
  await using session = orThrow(await deployImage(bench, image));
  expect(session.mj!.identity).toMatchObject({ board: pico.id, programHash: image.programHash });
  orThrow(await session.mj!.setBaud(FAST_BAUD));
  await using twin = orThrow(await openTwin(program.bytes));
  await use({ path, encoding: model.inputEncoding, twin, session });
}

/** Inputs come over the emulated UART, too: 27 kB take 2.4 s of virtual time at the default rate. */
const FAST_BAUD = 921_600;

async function outputOnPico({ session }: Deployed, input: Uint8Array): Promise<Uint8Array> {
  orThrow(await session.loadInput(input));
  orThrow(await session.infer(1, 0));
  return orThrow(await session.mj!.output());
}

function outputOfTwin({ twin, encoding }: Deployed, input: Uint8Array): Uint8Array {
  const tensors = orThrow(tensorsOf(input, twin.inputs, encoding));
  return Buffer.concat(orThrow(twin.infer(tensors)));
}

/** Every element lowest, highest (floats: far above), then a ramp through all values; the rest random. In the harness's encoding. */
function inputsOf(tensors: readonly TensorRecord[], encoding: InputEncoding): Uint8Array[] {
  const bytes = encodedBytes(tensors, encoding);
  const rng = new Rng(77);
  if (encoding === InputEncoding.Float32) {
    const floats = (draw: (i: number) => number) =>
      new Uint8Array(Float32Array.from({ length: bytes / 4 }, (_, i) => draw(i)).buffer);
    const { scale, zeroPoint } = tensors[0]!;
    return [
      floats(() => (-128 - zeroPoint) * scale),
      floats(() => 1_000 * scale),
      floats((i) => ((i % 256) - 128 - zeroPoint + 0.5) * scale),
      ...Array.from({ length: INPUTS - 3 }, () => floats(() => rng.normal() * 20 * scale)),
    ];
  }
  const unsigned = encoding === InputEncoding.UInt8Minus128;
  return [
    new Uint8Array(bytes).fill(unsigned ? 0 : 0x80),
    new Uint8Array(bytes).fill(unsigned ? 255 : 0x7f),
    Uint8Array.from({ length: bytes }, (_, i) => i),
    ...Array.from({ length: INPUTS - 3 }, () => rng.bytes(bytes)),
  ];
}

function expectedByTflm({ path, twin, encoding }: Deployed, inputs: readonly Uint8Array[]): Uint8Array[] {
  const sets = inputs.map((input) => orThrow(tensorsOf(input, twin.inputs, encoding)));
  const request = { model: readFileSync(path), outputCount: twin.outputs.length, sets };
  const reply = runTflm(python!, [request]).replies[0]!;
  if (!reply.ok) throw new Error(reply.error);
  return reply.outputs.map((outputs) => Buffer.concat(outputs));
}

async function expectEqual(path: string): Promise<void> {
  await onEmulatedPico(path, async (deployed) => {
    const inputs = inputsOf(deployed.twin.inputs, deployed.encoding);
    const byPico: string[] = [];
    for (const input of inputs) byPico.push(hex(await outputOnPico(deployed, input)));
    expect(byPico).toEqual(inputs.map((input) => hex(outputOfTwin(deployed, input))));
    if (python !== null) expect(byPico).toEqual(expectedByTflm(deployed, inputs).map(hex));
    // a model that says the same of everything would be equal everywhere
    expect(new Set(byPico).size).toBeGreaterThan(2);
  });
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

const judges = python === null ? 'the host twin' : 'the host twin and live TFLM';

describeWith([], `our own models on the emulated Pico against ${judges}`, () => {
  const folder = join(root, 'models');
  it.each(readdirSync(folder).filter((f) => f.endsWith('.tflite')))(
    `%s: raw outputs of ${INPUTS} random and extreme inputs are equal`,
    (file) => expectEqual(join(folder, file)),
  );
});

describeWith([needs.shared], `MLPerf Tiny reference models on the emulated Pico against ${judges}`, () => {
  it.each(['kws01', 'ic01', 'vww01', 'ad01'])(
    `%s: raw outputs of ${INPUTS} random and extreme inputs are equal`,
    (name) => expectEqual(join(sharedDir!, `data/models/${name}_int8.tflite`)),
  );

  it(`kws01: raw outputs of ${SAMPLES} of the 500 real inputs are equal`, async () => {
    const folder = join(sharedDir!, 'data/samples/kws01');
    const files = readdirSync(folder)
      .filter((f) => f.endsWith('.bin'))
      .sort();
    const chosen = Array.from({ length: SAMPLES }, (_, i) => files[i * SAMPLE_STEP]!);
    await onEmulatedPico(join(sharedDir!, 'data/models/kws01_int8.tflite'), async (deployed) => {
      for (const file of chosen) {
        const input = new Uint8Array(readFileSync(join(folder, file)));
        expect([file, hex(await outputOnPico(deployed, input))]).toEqual([
          file,
          hex(outputOfTwin(deployed, input)),
        ]);
      }
    });
  });
});
