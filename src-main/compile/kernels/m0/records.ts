import type { KernelRecord } from '../../kernel-record.ts';
import { addLinear } from './add-linear.ts';
import { averagePoolWords } from './average-pool-words.ts';
import { convLanes, denseLanes } from './conv-lanes.ts';
import { convPixels } from './conv-pixels.ts';
import { depthwiseSlide } from './depthwise-slide.ts';

/** Kernels for the Cortex-M0+, ids 256 to 319: one line a kernel. */
export const m0Kernels: readonly KernelRecord[] = [
  convLanes,
  denseLanes,
  convPixels,
  depthwiseSlide,
  addLinear,
  averagePoolWords,
];
