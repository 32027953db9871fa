import type { Source } from '../../src-main/contract/quantity.ts';

/** What each source means, in a sentence. */
export const sourceTexts: Record<Source, string> = {
  measured: 'Measured on real hardware.',
  emulated: 'Measured on the emulated bench: real firmware on a modelled chip and monitor.',
  predicted: 'Computed beforehand from the cost model; nothing ran.',
  published: 'From a publication or another laboratory.',
};
