import { PackedConvParamsBytes, PackedFlag, writePackedConvParams } from '../../../abi/generated.ts';
import type { Lowered } from '../../kernel-record.ts';
import type { PackedLayer } from './layer.ts';
import { isPositive } from './scaling.ts';

export interface Packing {
  /** Weights a channel has with those of 0 that the inner loop wants. */
  readonly paddedDepth: number;
  readonly weights: Uint8Array;
  /** Biases and requantisation, words. */
  readonly table: Uint8Array;
  readonly scratchBytes: number;
}

export function roundUp(n: number, to: number): number {
  return Math.ceil(n / to) * to;
}

/** Weights of one channel: filterH · filterW · inC, or the taps of a depthwise filter. */
export function depthOf({ g, depthwise }: PackedLayer): number {
  return g.filterH * g.filterW * (depthwise ? 1 : g.inC);
}

/** A 1×1 filter without padding reads its pixels where they are (mj_packed_in_place). */
export function readsInPlace({ g }: PackedLayer): boolean {
  return g.filterH === 1 && g.filterW === 1 && g.padTop === 0 && g.padLeft === 0;
}

/** `cycles`: instructions of the layer, to rank kernels by. */
export function packedLowered(layer: PackedLayer, packing: Packing, cycles: number): Lowered {
  const { g, clamp } = layer;
  const narrow = clamp.actMin > -128 || clamp.actMax < 127;
  return {
    paramsBytes: PackedConvParamsBytes,
    constants: { weights: packing.weights, table: packing.table },
    writeParams: (bytes, at, offset) =>
      writePackedConvParams(bytes, at, {
        ...{ batches: g.batches, inH: g.inH, inW: g.inW, inC: g.inC },
        ...{ outH: g.outH, outW: g.outW, outC: g.outC, filterH: g.filterH, filterW: g.filterW },
        ...{ strideH: layer.strideH, strideW: layer.strideW },
        ...{ dilationH: layer.dilationH, dilationW: layer.dilationW },
        ...{ padTop: g.padTop, padLeft: g.padLeft, padValue: layer.padValue },
        ...{ outputOffset: layer.outputOffset, actMin: clamp.actMin, actMax: clamp.actMax },
        depth: depthOf(layer),
        paddedDepth: packing.paddedDepth,
        weightsOffset: offset('weights'),
        weightsBytes: packing.weights.length,
        tableOffset: offset('table'),
        tableBytes: packing.table.length,
        flags: (isPositive(layer) ? PackedFlag.Positive : 0) | (narrow ? PackedFlag.Clamp : 0),
        reserved: [],
      }),
    scratchBytes: packing.scratchBytes,
    cycles,
  };
}

/** Output pixels of all images. */
export function pixelsOf({ g }: PackedLayer): number {
  return g.batches * g.outH * g.outW;
}
