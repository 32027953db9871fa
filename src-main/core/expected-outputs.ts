import { ok, type Result } from '../base/errors.ts';
import { printedScores, tensorsOf } from '../engine/harness-io.ts';
import type { Twin } from '../engine/twin.ts';
import type { ExpectedOutputs } from '../run/ports.ts';
import type { ModelFile } from './model-file.ts';

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((n, p) => n + p.length, 0));
  let at = 0;
  for (const p of parts) {
    out.set(p, at);
    at += p.length;
  }
  return out;
}

/** run/ports ExpectedOutputs over the host twin. */
export function twinOutputs(
  twin: Twin,
  model: Pick<ModelFile, 'inputEncoding' | 'resultKind'>,
): ExpectedOutputs {
  return {
    async of(input): Promise<Result<{ raw: Uint8Array; printed: readonly number[] }>> {
      const tensors = tensorsOf(input, twin.inputs, model.inputEncoding);
      if (!tensors.ok) return tensors;
      const outputs = twin.infer(tensors.value);
      if (!outputs.ok) return outputs;
      return ok({
        raw: joined(outputs.value),
        printed: printedScores(twin, model.inputEncoding, model.resultKind, input, outputs.value),
      });
    },
  };
}
