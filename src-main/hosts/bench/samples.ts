import type { sampleMethods } from '../../contract/bench/samples.ts';
import { sampleComparison } from '../../core/samples.ts';
import type { Handlers } from './handlers.ts';

export function sampleHandlers(): Pick<Handlers, keyof typeof sampleMethods> {
  return { 'samples.get': () => sampleComparison() };
}
