import { Kernel } from '../../../abi/generated.ts';
import { attributesOf } from '../../../model/op-view.ts';
import { poolGeometry } from '../../../model/ops/pool2d.ts';
import type { KernelRecord } from '../../kernel-record.ts';
import { lowerPool } from '../pool2d-s8.ts';

const TOGETHER = 4;
/** So many bytes of 255 stay inside half a word. */
const MOST_ELEMENTS = 257;

/** AVERAGE_POOL_2D of whole words of channels: two channels an addition. */
export const averagePoolWords: KernelRecord = {
  kernel: Kernel.AveragePoolWords,
  name: 'average_pool_words',
  builtin: 1,
  cores: ['m0plus', 'm4f', 'm7', 'rv32imc', 'wasm'],
  applies: (view) => {
    const { filterH, filterW } = attributesOf(view.op.attributes, 'pool2d');
    if (poolGeometry(view).channels % TOGETHER !== 0) return 'channels are no multiple of four';
    return filterH * filterW <= MOST_ELEMENTS || 'window of more than 257 elements';
  },
  lower: lowerPool,
  cost: (work) => 3 * work.activationBytes + 95 * work.outputs,
};
