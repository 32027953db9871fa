import type { modelCheckMethods } from '../../contract/bench/model-check.ts';
import type { BenchContext, Handlers } from './handlers.ts';

export function modelCheckHandlers({
  core,
  models,
}: BenchContext): Pick<Handlers, keyof typeof modelCheckMethods> {
  return {
    'models.check': ({ model, targetId, supplyV }) => {
      const known = models.find(model);
      return known.ok ? core.checkModel(known.value.path, targetId, supplyV) : known;
    },
  };
}
