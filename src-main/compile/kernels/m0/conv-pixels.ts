import { ConvPixelsParamsBytes, Kernel, writeConvPixelsParams } from '../../../abi/generated.ts';
import { inputOf, zeroPointOf, type OpView } from '../../../model/op-view.ts';
import type { KernelRecord, Lowered } from '../../kernel-record.ts';
import { channelsOf, CONV_2D, layerOf, type Layer } from './conv-layer.ts';
import { packedOnce } from './packed-once.ts';
import { pixelStream, type PixelStream } from './pixel-stream.ts';

const TOGETHER = 4;
/** Bytes of spread taps a run may take, unless four pixels alone take more: little where the stream stays in a cache. */
const RUN_BYTES = 2048;
const LONG_RUN_BYTES = 9 * 1024;
const LONG_STREAM_BYTES = 12 * 1024;

interface Packed {
  readonly layer: Layer;
  readonly taps: number;
  readonly runFours: number;
  readonly stream: PixelStream;
  readonly scratchBytes: number;
}

function pack(view: OpView, small: boolean): Packed | string {
  const layer = layerOf(view);
  if (typeof layer === 'string') return layer;
  const { filterH, filterW, inC, outC, outH, outW } = layer.g;
  if (outH * outW < TOGETHER) return 'fewer than four pixels';
  const taps = 4 * Math.ceil((filterH * filterW * inC) / 4);
  const stream = pixelStream(channelsOf(view, layer, false), taps);
  if (!stream) return 'no exact requantisation within 32 bits';
  const long = 4 * stream.words.length > LONG_STREAM_BYTES;
  const runBytes = small ? 0 : long ? LONG_RUN_BYTES : RUN_BYTES;
  const fours = Math.ceil((outH * outW) / TOGETHER);
  const runFours = Math.min(fours, Math.max(1, Math.floor(runBytes / (8 * taps))));
  const padding = 4 * Math.ceil(inC / 4);
  const patches = inC % 4 === 0 ? 0 : TOGETHER * taps;
  const scratchBytes = 8 * taps * runFours + padding + patches + TOGETHER * outC;
  return { layer, taps, runFours, stream, scratchBytes };
}

function lowerPacked(view: OpView, p: Packed): Lowered {
  const { layer, taps, runFours, stream, scratchBytes } = p;
  const { g } = layer;
  const bytes = new Uint8Array(stream.words.buffer);
  const constants = stream.constants ? { constants: new Uint8Array(stream.constants.buffer) } : {};
  return {
    paramsBytes: ConvPixelsParamsBytes,
    constants: { weights: bytes, ...constants },
    writeParams: (out, at, offset) =>
      writeConvPixelsParams(out, at, {
        ...g,
        strideH: layer.strideH,
        strideW: layer.strideW,
        padValue: zeroPointOf(inputOf(view, 0)),
        taps,
        runFours,
        streamOffset: offset('weights'),
        streamBytes: bytes.length,
        constantsOffset: offset('constants'),
        reserved: [],
      }),
    scratchBytes,
    cycles: cyclesOf(p),
    reads: {
      bytes: bytes.length,
      sweeps: g.batches * Math.ceil((g.outH * g.outW) / (TOGETHER * runFours)),
      onceBytes: ConvPixelsParamsBytes + (stream.constants?.length ?? 0),
    },
  };
}

/** Of the loops as written: the stream, spreading (from bytes first where channels are no whole words), constants. */
function cyclesOf({ layer: { g }, taps, runFours, stream }: Packed): number {
  const fours = Math.ceil((g.outH * g.outW) / TOGETHER);
  const rows = g.filterH * (g.inC % 4 === 0 ? 1.5 : 0);
  const spread = 17.5 * taps + rows * 190 + (g.inC % 4 === 0 ? 250 : 40 * taps + 150 * g.filterH);
  const constants = stream.constants ? 36 * g.outC : 0;
  const beginnings = 25 * stream.channels * (1 / runFours - 0.25);
  return g.batches * fours * (stream.cycles + beginnings + spread + constants);
}

function pixels(small: boolean): KernelRecord {
  const packedOf = packedOnce((view) => pack(view, small));
  return {
    kernel: Kernel.ConvPixels,
    name: 'conv_pixels',
    builtin: CONV_2D,
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

/** CONV_2D: two pixels share a multiplication, four a weight. */
export const convPixels = pixels(false);
/** Four pixels at a time, whose channels begin anew each time. */
export const convPixelsSmall = pixels(true);
