import type { OpView } from '../../../model/op-view.ts';

/** Whether a kernel applies and what it packs is asked in turn; packing and its proofs are what takes the time. */
export function packedOnce<P>(pack: (view: OpView) => P | string): (view: OpView) => P | string {
  const known = new WeakMap<OpView, P | string>();
  return (view) => {
    const packed = known.get(view) ?? pack(view);
    known.set(view, packed);
    return packed;
  };
}
