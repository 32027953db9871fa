import { readFileSync } from 'node:fs';
import { fail } from '../../../base/errors.ts';
import { inferOnce } from '../../../core.ts';
import type { CommandContext } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';

export async function infer(
  model: string,
  o: { readonly input: string; readonly target: string; readonly port?: string },
  { output }: CommandContext,
): Promise<number> {
  let input: Uint8Array;
  try {
    input = new Uint8Array(readFileSync(o.input));
  } catch (e) {
    return output.fail(
      fail(
        'cli.cannot-read',
        { path: o.input, code: (e as NodeJS.ErrnoException).code ?? '' },
        'The input file cannot be read.',
        'Check --input.',
      ),
    );
  }
  const answer = await inferOnce(model, input, o.target, o.port ? { port: o.port } : {});
  if (!answer.ok) return output.fail(answer);
  const { outputs } = answer.value;
  output.result(
    {
      model: answer.value.model,
      target: answer.value.target,
      output: outputs.length === 1 ? outputs[0]! : outputs,
    },
    () => outputs.map((o) => o.join(' ')).join('\n'),
  );
  return exitCodes.done;
}
