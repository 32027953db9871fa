import { Kernel } from '../../../abi/generated.ts';
import { inputOf, scaleOf, outputOf, attributesOf } from '../../../model/op-view.ts';
import type { KernelRecord } from '../../kernel-record.ts';
import { addS8 } from '../elementwise-s8.ts';
import { averagePool2dS8 } from '../pool2d-s8.ts';

/** As add_s8, four elements at once. */
export const addMve: KernelRecord = {
  ...addS8,
  kernel: Kernel.AddMve,
  name: 'add_mve',
  cores: ['m55'],
  applies: (view) => {
    const [a, b, out] = [inputOf(view, 0), inputOf(view, 1), outputOf(view)];
    if (a.shape.join() !== b.shape.join()) return 'broadcasting';
    // the inputs' factors are at most a half; the output's is twice the larger scale over 2^20 times the output's
    const larger = Math.max(scaleOf(a), scaleOf(b));
    return (2 * larger) / 2 ** 20 / scaleOf(out) < 1 ? true : 'the sum is scaled up';
  },
  cost: (work) => 8 * work.outputs,
};

/** A window of this many elements of −128 still fits 16 bits. */
const MOST_ELEMENTS = 255;

/** As average_pool2d_s8, sums of sixteen channels at once. */
export const averagePoolMve: KernelRecord = {
  ...averagePool2dS8,
  kernel: Kernel.AveragePoolMve,
  name: 'average_pool_mve',
  cores: ['m55'],
  applies: (view) => {
    const { filterH, filterW } = attributesOf(view.op.attributes, 'pool2d');
    return filterH * filterW <= MOST_ELEMENTS ? true : `a window of more than ${MOST_ELEMENTS} elements`;
  },
  cost: (work) => work.activationBytes / 2 + 12 * work.outputs,
};
