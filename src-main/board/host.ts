import { onCore, type BoardDescriptor } from './board.ts';
import { rv32Virt } from './qemu.ts';

/**
 * This computer, for Programs that only the host twin runs: kernels with SIMD, and memory that no board has. What such a
 * Program computes is what every other one of the same model computes, bit for bit.
 */
export const host: BoardDescriptor = {
  ...onCore(rv32Virt, 'wasm'),
  id: 'host',
  name: 'this computer',
};
