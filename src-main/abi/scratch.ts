import type { ConvParams } from './generated.ts';

/**
 * Scratch the kernels ask of the arena, in bytes, 16-byte aligned like every tensor. The compiler plans it, the
 * engine refuses an OpRecord with less (firmware/engine/kernels/conv2d_s8.c computes the same numbers). Every
 * kernel not named here takes none.
 */

/** Output pixels whose input patches CONV_2D gathers before it streams the weights once over them. */
export const CONV_BLOCK_PIXELS = 4;

export type ConvShape = Pick<
  ConvParams,
  'filterH' | 'filterW' | 'filterC' | 'inC' | 'outC' | 'padTop' | 'padLeft'
>;

/** A 1×1 filter without padding or groups reads its input in place; every other gathers patches. */
export function convReadsInPlace(p: ConvShape): boolean {
  return p.filterH === 1 && p.filterW === 1 && p.padTop === 0 && p.padLeft === 0 && p.filterC === p.inC;
}

/** CONV_2D: one folded bias (i32) an output channel, then CONV_BLOCK_PIXELS patches of whole words. */
export function convScratchBytes(p: ConvShape): number {
  const patchBytes = 4 * Math.ceil((p.filterH * p.filterW * p.filterC) / 4);
  return 4 * p.outC + (convReadsInPlace(p) ? 0 : CONV_BLOCK_PIXELS * patchBytes);
}
