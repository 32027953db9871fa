import { examine } from '../../../core/doctor.ts';
import type { CommandContext } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';

export async function doctor({ output }: CommandContext): Promise<number> {
  const findings = await examine();
  output.result(findings, () =>
    findings.map((f) => `${f.ok ? '✓' : '✗'} ${f.fact}${f.fix ? `\n    → ${f.fix}` : ''}`).join('\n'),
  );
  return exitCodes.done;
}
