import type { Result } from '../base/errors.ts';
import type { ModelCheck } from '../contract/bench/model-check.ts';
import { inputBytes } from '../compile/image.ts';
import { kernelName } from '../predict/features.ts';
import type { FullPrediction } from './prediction.ts';
import type { Prepared } from './prepare.ts';
import { failureDto } from './trace-views.ts';

/** A model that was made ready for its target, and what is expected of it. `prediction` may have failed: it fits all the same. */
export function modelCheckOf(prepared: Prepared, prediction: Result<FullPrediction>): ModelCheck {
  const { model, program, image, target } = prepared;
  const cycles = prediction.ok ? prediction.value.cycles.ops : [];
  return {
    modelName: model.name,
    targetId: target.id,
    macs: program.header.macs,
    inputBytes: inputBytes(program, model.inputEncoding),
    arenaBytes: program.plan.arenaBytes,
    arenaAvailableBytes: target.board.image.arenaBytes,
    flashBytes: image.flashBytes,
    flashAvailableBytes: target.board.flash.bytes,
    latency: prediction.ok ? prediction.value.prediction.latency : null,
    energy: prediction.ok ? prediction.value.prediction.energy : null,
    basis: prediction.ok ? prediction.value.prediction.basis : '',
    unpredicted: prediction.ok ? null : failureDto(prediction),
    operators: program.ops.map((op, index) => ({
      index,
      kernel: kernelName(op.kernel),
      name: op.name,
      macs: op.macs,
      cycles: cycles.find((c) => c.index === index)?.cycles ?? null,
    })),
    benchmark: model.benchmark,
    remarks: model.remarks,
  };
}
