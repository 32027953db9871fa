import type { KernelRecord } from '../../kernel-record.ts';
import { addLinear } from './add-linear.ts';
import { averagePoolWords } from './average-pool-words.ts';
import { convLanes, convLanesSmall, denseLanes } from './conv-lanes.ts';
import { convPixels, convPixelsSmall } from './conv-pixels.ts';
import { denseBytes } from './dense-bytes.ts';
import { depthwiseSlide, depthwiseSlideSmall } from './depthwise-slide.ts';

/** Kernels for the Cortex-M0+, ids 256 to 319: one line a kernel. */
export const m0Kernels: readonly KernelRecord[] = [
  convLanes,
  convLanesSmall,
  denseLanes,
  denseBytes,
  convPixels,
  convPixelsSmall,
  depthwiseSlide,
  depthwiseSlideSmall,
  addLinear,
  averagePoolWords,
];
