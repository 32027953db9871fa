import { DepthwiseSlideParamsBytes, Kernel, writeDepthwiseSlideParams } from '../../../abi/generated.ts';
import { attributesOf, inputOf, outputOf, zeroPointOf, type OpView } from '../../../model/op-view.ts';
import type { ConvGeometry } from '../../../model/ops/convolution.ts';
import { depthwiseGeometry } from '../../../model/ops/depthwise-conv2d.ts';
import { activationRange, type FixedMultiplier } from '../../fixed-point.ts';
import type { KernelRecord, Lowered } from '../../kernel-record.ts';
import { channelFactors } from '../weighted.ts';
import { accRange, staysInside } from './lane-stream.ts';
import { packedOnce } from './packed-once.ts';
import { constantByte, solvePieces, type Pieces } from './requantization.ts';

const FILTER = 3;
const TAPS = 9;
/** Weights, what is added, the pieces and the shift: firmware/engine/kernels/m0/depthwise_slide.c. */
const CHANNEL_BYTES = 20;
const PIECE_BITS = 12;
const TOGETHER = 4;
/** Bytes of scratch a strip's plane may take, unless one row alone takes more. */
const PLANE_BYTES = 6 * 1024;
const SMALL_PLANE_BYTES = 1280;

interface Packed {
  readonly g: ConvGeometry;
  readonly strideH: number;
  readonly strideW: number;
  readonly channels: Uint8Array;
  readonly downwards: boolean;
  readonly stripRows: number;
  readonly scratchBytes: number;
}

/** Inputs that `outputs` see on one axis. */
const seen = (outputs: number, stride: number): number => (outputs - 1) * stride + FILTER;

function pack(view: OpView, small: boolean): Packed | string {
  const g = depthwiseGeometry(view);
  const a = attributesOf(view.op.attributes, 'depthwiseConv2d');
  if (g.filterH !== FILTER || g.filterW !== FILTER) return `filter ${g.filterH}×${g.filterW}`;
  if (a.depthMultiplier !== 1 || g.inC % TOGETHER !== 0)
    return 'channels are no multiple of four, or multiplied';
  if (a.dilationH !== 1 || a.dilationW !== 1) return 'dilated filter';
  if (a.strideH > 2 || a.strideW > 2) return `stride ${a.strideH}×${a.strideW}`;
  const { actMin, actMax } = activationRange(outputOf(view), a.activation);
  if (actMin !== -128 || actMax !== 127) return `clamp ${actMin}…${actMax}`;
  const strip = stripOf(g, a, small);
  const channels = packChannels(view, g, strip.downwards);
  if (!channels) return 'no exact requantisation within 32 bits';
  return { g, strideH: a.strideH, strideW: a.strideW, channels, ...strip };
}

type Strip = Pick<Packed, 'downwards' | 'stripRows' | 'scratchBytes'>;
type Strides = Pick<Packed, 'strideH' | 'strideW'>;

/** Along the longer side; where scratch is scarce along the side that takes less of it. */
function stripOf(g: ConvGeometry, strides: Strides, small: boolean): Strip {
  const limit = small ? SMALL_PLANE_BYTES : PLANE_BYTES;
  const longer = oneStrip(g, strides, g.outH > g.outW, limit);
  const shorter = oneStrip(g, strides, g.outH <= g.outW, limit);
  return small && longer.scratchBytes > limit && shorter.scratchBytes < longer.scratchBytes
    ? shorter
    : longer;
}

function oneStrip(g: ConvGeometry, strides: Strides, downwards: boolean, limit: number): Strip {
  const [along, across] = downwards ? (['H', 'W'] as const) : (['W', 'H'] as const);
  const line = 4 * TOGETHER * seen(g[`out${along}`], strides[`stride${along}`]);
  const rows = Math.floor((Math.floor(limit / line) - FILTER) / strides[`stride${across}`]) + 1;
  const stripRows = Math.min(g[`out${across}`], Math.max(1, rows));
  return { downwards, stripRows, scratchBytes: line * seen(stripRows, strides[`stride${across}`]) };
}

function packChannels(view: OpView, g: ConvGeometry, downwards: boolean): Uint8Array | null {
  const data = inputOf(view, 1).data!;
  const weights = new Int8Array(data.buffer, data.byteOffset, data.length);
  const bias = view.inputs[2]?.data;
  const biases = bias ? new DataView(bias.buffer, bias.byteOffset, bias.length) : null;
  const factors = channelFactors(view, g.outC);
  const out = new DataView(new ArrayBuffer(CHANNEL_BYTES * g.outC));
  for (let c = 0; c < g.outC; c++) {
    const taps = Int8Array.from({ length: TAPS }, (_, i) => {
      const [column, row] = [Math.floor(i / FILTER), i % FILTER];
      return weights[(downwards ? i : row * FILTER + column) * g.outC + c]!;
    });
    const sum = taps.reduce((n, w) => n + w, 0);
    const start = (biases?.getInt32(4 * c, true) ?? 0) - zeroPointOf(inputOf(view, 0)) * sum;
    const pieces = piecesOf(taps, start, factors[c]!, zeroPointOf(outputOf(view)));
    if (!pieces) return null;
    const at = CHANNEL_BYTES * c;
    taps.forEach((w, i) => out.setInt8(at + i, w));
    out.setInt32(at + 12, pieces.constant, true);
    out.setUint32(
      at + 16,
      pieces.multipliers[0]! + 2 ** PIECE_BITS * pieces.multipliers[1]! + 2 ** 24 * pieces.shift,
      true,
    );
  }
  return new Uint8Array(out.buffer);
}

function piecesOf(
  taps: Int8Array,
  start: number,
  factor: FixedMultiplier,
  outputOffset: number,
): Pieces | null {
  const scaling = { ...factor, outputOffset };
  const range = accRange({ weights: taps, start });
  if (!staysInside(range, scaling)) return null;
  const constant = constantByte(range, scaling);
  if (constant !== null) return { multipliers: [0, 0], bits: PIECE_BITS, constant, shift: 0 };
  return solvePieces(2, PIECE_BITS, accRange({ weights: taps, start: 0 }), scaling, start);
}

function lowerPacked(view: OpView, p: Packed): Lowered {
  const across = p.downwards ? p.g.outW : p.g.outH;
  return {
    paramsBytes: DepthwiseSlideParamsBytes,
    constants: { weights: p.channels },
    writeParams: (out, at, offset) =>
      writeDepthwiseSlideParams(out, at, {
        ...p.g,
        channels: p.g.outC,
        strideH: p.strideH,
        strideW: p.strideW,
        padValue: zeroPointOf(inputOf(view, 0)),
        downwards: p.downwards ? 1 : 0,
        stripRows: p.stripRows,
        channelsOffset: offset('weights'),
        reserved: [],
      }),
    scratchBytes: p.scratchBytes,
    cycles: cyclesOf(p),
    reads: {
      bytes: p.channels.length,
      sweeps: p.g.batches * Math.ceil(across / p.stripRows),
      onceBytes: DepthwiseSlideParamsBytes,
    },
  };
}

/** Of the loops as written: a window's step, its row's start, a channel's set-up and the spreading of its plane. */
function cyclesOf({ g, downwards, strideH, strideW, stripRows }: Packed): number {
  const [across, stride] = downwards ? [g.outW, strideW] : [g.outH, strideH];
  const along = downwards ? strideH : strideW;
  const strips = Math.ceil(across / stripRows);
  const spread = (g.inH * g.inW + strips * (FILTER - stride) * (downwards ? g.inH : g.inW)) * 4.6;
  const each = g.outH * g.outW * (along === 1 ? 65 : 72) + across * 75 + strips * 190;
  return g.batches * g.outC * (each + spread);
}

function slide(small: boolean): KernelRecord {
  const packedOf = packedOnce((view) => pack(view, small));
  return {
    kernel: Kernel.DepthwiseSlide,
    name: 'depthwise_slide',
    builtin: 4,
    ...(small ? { variant: 'less scratch' } : {}),
    cores: ['m0plus'],
    applies: (view) => {
      const found = packedOf(view);
      return typeof found === 'string' ? found : true;
    },
    lower: (view) => lowerPacked(view, packedOf(view) as Packed),
    cost: (work) => 9 * work.macs,
  };
}

/** DEPTHWISE_CONV_2D 3×3, a filter a channel: each column of the input is read once for three outputs. */
export const depthwiseSlide = slide(false);
export const depthwiseSlideSmall = slide(true);
