import type { CommandContext } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import { openCore } from '../open-core.ts';
import { writeText } from '../write-text.ts';
import { table } from '../output.ts';

export async function calibrate(
  o: { readonly target: string; readonly seed: number; readonly port?: string; readonly out?: string },
  { output, db, signal }: CommandContext,
): Promise<number> {
  const opened = await openCore(db);
  if (!opened.ok) return output.fail(opened);
  await using core = opened.value;
  const done = await core.calibrate(o.target, o.seed, o.port ? { port: o.port } : {}, {
    signal,
    onLayer: (n, total, name) => output.progress(`layer ${n + 1}/${total}: ${name}`, n / total, null),
  });
  output.endProgress();
  if (!done.ok) return output.fail(done);
  const { model, samples } = done.value;
  if (o.out !== undefined) {
    const written = writeText(o.out, `${JSON.stringify(model, null, 2)}\n`);
    if (!written.ok) return output.fail(written);
  }
  output.result({ model, layers: samples.length }, () =>
    [
      `${samples.length} layers on firmware ${model.firmwareHash} (${model.timingModel})`,
      table(
        ['kernel', 'layers', 'cycles/MAC', 'per output', 'per byte', 'fixed', 'MAPE', 'worst'],
        Object.entries(model.kernels).map(([kernel, k]) => [
          kernel,
          String(k.n),
          k.a.toFixed(3),
          k.b.toFixed(1),
          k.c.toFixed(2),
          k.d.toFixed(0),
          `${(k.residuals.mape * 100).toFixed(1)} %`,
          `${(k.residuals.worst * 100).toFixed(1)} %`,
        ]),
        [1, 2, 3, 4, 5, 6, 7],
      ),
    ].join('\n\n'),
  );
  return exitCodes.done;
}
