import { DenseBytesParamsBytes, Kernel, writeDenseBytesParams } from '../../../abi/generated.ts';
import type { OpView } from '../../../model/op-view.ts';
import type { KernelRecord, Lowered } from '../../kernel-record.ts';
import { channelsOf, FULLY_CONNECTED, layerOf } from './conv-layer.ts';
import { denseStream, type DenseStream } from './dense-stream.ts';
import { packedOnce } from './packed-once.ts';

interface Packed {
  readonly batches: number;
  readonly inDepth: number;
  readonly outDepth: number;
  readonly taps: number;
  readonly stream: DenseStream;
}

function pack(view: OpView): Packed | string {
  const layer = layerOf(view);
  if (typeof layer === 'string') return layer;
  const { outW: batches, inC: inDepth, outC: outDepth } = layer.g;
  const taps = 2 * Math.ceil(inDepth / 2);
  const stream = denseStream(channelsOf(view, layer, false), taps);
  return stream
    ? { batches, inDepth, outDepth, taps, stream }
    : 'no exact requantisation within 32 bits, or weights of −128';
}

const packedOf = packedOnce(pack);

function lowerPacked({ batches, inDepth, outDepth, taps, stream }: Packed): Lowered {
  const bytes = new Uint8Array(stream.words.buffer);
  const quads = Math.ceil(outDepth / 4);
  return {
    paramsBytes: DenseBytesParamsBytes,
    constants: { weights: bytes },
    writeParams: (out, at, offset) =>
      writeDenseBytesParams(out, at, {
        ...{ batches, inDepth, outDepth, taps },
        streamOffset: offset('weights'),
        streamBytes: bytes.length,
        lastQuadAt: 4 * stream.lastQuad,
        reserved: [],
      }),
    scratchBytes: 2 * taps,
    cycles: batches * (11.5 * taps * quads + 30 * stream.groups + 130 * quads + 7 * taps + 100),
    reads: { bytes: bytes.length, sweeps: batches, onceBytes: DenseBytesParamsBytes },
  };
}

/** FULLY_CONNECTED: two channels share a multiplication, weights stay bytes. */
export const denseBytes: KernelRecord = {
  kernel: Kernel.DenseBytes,
  name: 'dense_bytes',
  builtin: FULLY_CONNECTED,
  cores: ['m0plus'],
  applies: (view) => {
    const found = packedOf(view);
    return typeof found === 'string' ? found : true;
  },
  lower: (view) => lowerPacked(packedOf(view) as Packed),
  cost: (work) => 4 * work.macs + 40 * work.outputs,
};
