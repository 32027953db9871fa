import { join } from 'node:path';
import type { WiringStep } from '../../../contract/bench/wiring-step.ts';
import { targetOf } from '../../../core/prepare.ts';
import type { CommandContext } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import { openCore } from '../open-core.ts';

export interface CheckWiringOptions {
  readonly target: string;
  readonly port?: string;
  readonly monitor?: string;
  readonly supply?: number;
  readonly program?: boolean;
}

/** What the board is programmed with for the check. */
const checkModel = join(import.meta.dirname, '../../../../models/kws-syn.tflite');

const titles = {
  open: 'ports and supply',
  ping: 'ping',
  edge: 'sync edge',
  idle: 'idle current',
  clock: 'clock drift',
} as const;

export async function checkWiring(o: CheckWiringOptions, context: CommandContext): Promise<number> {
  const { output, signal } = context;
  const target = targetOf(o.target);
  if (!target.ok) return output.fail(target);
  const opened = await openCore(context.db);
  if (!opened.ok) return output.fail(opened);
  await using core = opened.value;
  const steps = new Map<string, WiringStep>();
  const wiring = {
    ...(o.port === undefined ? {} : { port: o.port }),
    ...(o.monitor === undefined ? {} : { monitor: o.monitor }),
  };
  const checked = await core.checkWiring(checkModel, o.target, wiring, {
    program: (o.program ?? false) || !target.value.needsPort,
    signal,
    onStep: (step) => {
      steps.set(step.id, step);
      if (step.state === 'running') output.note(`${titles[step.id]}: ${step.seen}`);
    },
    ...(o.supply === undefined ? {} : { supplyV: o.supply }),
  });
  output.endProgress();
  if (!checked.ok && steps.size === 0) return output.fail(checked);
  output.result([...steps.values()], () => [...steps.values()].map(line).join('\n'));
  return checked.ok ? exitCodes.done : output.fail(checked);
}

function line(step: WiringStep): string {
  const mark = { passed: '✓', failed: '✗', skipped: '–', running: '…' }[step.state];
  return `${mark} ${titles[step.id]}${step.seen ? `: ${step.seen}` : ''}`;
}
