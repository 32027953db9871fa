import { ConvLanesParamsBytes, Kernel, writeConvLanesParams } from '../../../abi/generated.ts';
import { inputOf, zeroPointOf, type OpView } from '../../../model/op-view.ts';
import type { KernelRecord, Lowered } from '../../kernel-record.ts';
import { CONV_2D, channelsOf, FULLY_CONNECTED, layerOf, type Layer } from './conv-layer.ts';
import { packedOnce } from './packed-once.ts';
import { laneStream, type LaneStream } from './lane-stream.ts';

/** Words of spread input beyond which a run is cut, unless one pixel alone takes them. */
const RUN_WORDS = 1024;

interface Packed {
  readonly layer: Layer;
  readonly taps: number;
  readonly runPixels: number;
  readonly stream: LaneStream;
  readonly scratchBytes: number;
}

function pack(view: OpView, small: boolean): Packed | string {
  const layer = layerOf(view);
  if (typeof layer === 'string') return layer;
  const { filterH, filterW, inC, outW } = layer.g;
  const column = filterH * inC;
  const taps = 2 * Math.ceil((column * filterW) / 2);
  const step = Math.min(layer.strideW, filterW) * column;
  const runPixels = Math.min(outW, Math.max(1, Math.floor(((small ? 0 : RUN_WORDS) - taps) / step)));
  const stream = laneStream(channelsOf(view, layer, true), taps, 4 * (taps - step));
  if (!stream) return 'no exact requantisation within 32 bits';
  return { layer, taps, runPixels, stream, scratchBytes: 4 * (taps + (runPixels - 1) * step + runPixels) };
}

function lowerPacked(view: OpView, { layer, taps, runPixels, stream, scratchBytes }: Packed): Lowered {
  const { g } = layer;
  const bytes = new Uint8Array(stream.words.buffer);
  return {
    paramsBytes: ConvLanesParamsBytes,
    constants: { weights: bytes },
    writeParams: (out, at, offset) =>
      writeConvLanesParams(out, at, {
        ...g,
        strideH: layer.strideH,
        strideW: layer.strideW,
        padValue: zeroPointOf(inputOf(view, 0)),
        taps,
        runPixels,
        streamOffset: offset('weights'),
        streamBytes: bytes.length,
        lastQuadAt: 4 * stream.lastQuad,
        reserved: [],
      }),
    scratchBytes,
    cycles: cyclesOf({ layer, taps, runPixels, stream, scratchBytes }),
    reads: {
      bytes: bytes.length,
      sweeps: g.batches * g.outH * Math.ceil(g.outW / runPixels),
      onceBytes: ConvLanesParamsBytes,
    },
  };
}

/** Cycles of the inner loop as written, and of spreading the input; measured, the sum is right within a few per cent. */
function cyclesOf({ layer: { g, strideW }, taps, runPixels, stream }: Packed): number {
  const pixels = g.batches * g.outH * g.outW;
  const quads = Math.ceil(g.outC / 4);
  const overlap = Math.max(0, g.filterW - strideW) / runPixels;
  const spread = (taps * (Math.min(strideW, g.filterW) + overlap) * (g.inC % 4 === 0 ? 4 : 9)) / g.filterW;
  return pixels * (8 * taps * quads + 14 * stream.groups + (105 + 22 / runPixels) * quads + spread + 60);
}

function lanes(builtin: number, small: boolean): KernelRecord {
  const packedOf = packedOnce((view) => pack(view, small));
  return {
    kernel: Kernel.ConvLanes,
    name: 'conv_lanes',
    builtin,
    ...(small ? { variant: 'less scratch' } : {}),
    cores: ['m0plus'],
    applies: (view) => {
      const found = packedOf(view);
      return typeof found === 'string' ? found : true;
    },
    lower: (view) => lowerPacked(view, packedOf(view) as Packed),
    cost: (work) => 3 * work.macs + 30 * work.outputs,
  };
}

/** Two channels share a multiplication. */
export const convLanes = lanes(CONV_2D, false);
/** A pixel at a time. */
export const convLanesSmall = lanes(CONV_2D, true);

/** FULLY_CONNECTED as a 1×1 convolution. */
export const denseLanes = lanes(FULLY_CONNECTED, false);
