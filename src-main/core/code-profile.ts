import { fail, ok, type Result } from '../base/errors.ts';
import { codeProfile } from '../compile/code-profile.ts';
import { inputBytes } from '../compile/image.ts';
import { loadCodeMap } from '../compile/prebuilt.ts';
import type { CodeProfile } from '../contract/index.ts';
import { openSimulatedBench } from '../sim/simulated-bench.ts';
import { deployImage } from './deploy-image.ts';
import { randomInputs } from './input-sets.ts';
import type { Prepared } from './prepare.ts';
import { DEFAULT_WORLD_SEED } from './wiring.ts';

export interface CodeProfileRequest {
  readonly inferences: number;
  /** Of the random input; kernels without branches on values take the same time for any. */
  readonly seed: number;
  /** The core never waits for flash. */
  readonly zeroWait?: boolean;
}

/**
 * Counts what every instruction of the firmware costs while it infers on the emulated board, without a line of code
 * in the firmware for it. One inference goes before: it finds the XIP cache as a running application would.
 * `cli.option-not-here` for a real target.
 */
export async function profileCode(
  { target, model, program, image }: Prepared,
  request: CodeProfileRequest,
): Promise<Result<CodeProfile>> {
  if (target.source !== 'emulated' || target.emulator !== undefined)
    return fail(
      'cli.option-not-here',
      { target: target.id },
      'Only the emulated board shows what each instruction costs.',
      'Profile on --target pico-emulated; `microjoule run` measures cycles per operator on real boards.',
    );
  const opened = await openSimulatedBench({
    seed: DEFAULT_WORLD_SEED,
    monitor: 'none',
    ...(request.zeroWait ? { zeroWait: true } : {}),
  });
  if (!opened.ok) return opened;
  await using bench = opened.value;
  const deployed = await deployImage(bench, image);
  if (!deployed.ok) return deployed;
  await using session = deployed.value;
  const input = randomInputs(
    request.seed,
    inputBytes(program, model.inputEncoding),
    model.inputEncoding,
  ).item(0);
  if (!input.ok) return input;
  const loaded = await session.loadInput(input.value.windows[0]!);
  if (!loaded.ok) return loaded;
  const warm = await session.infer(1, 0);
  if (!warm.ok) return warm;
  bench.startCodeCounts(program.ops.length);
  const inferred = await session.infer(request.inferences, 0);
  const counts = await bench.takeCodeCounts();
  if (!inferred.ok) return inferred;
  const map = loadCodeMap(target.board, image);
  if (!map.ok) return map;
  return ok(
    codeProfile(
      counts,
      map.value,
      program.ops.map((op) => op.name),
    ),
  );
}
