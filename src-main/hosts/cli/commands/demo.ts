import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fail } from '../../../base/errors.ts';
import { formatQuantity, formatSignedPercent } from '../../../contract/format-quantity.ts';
import type { Quantity, RunResult } from '../../../contract/index.ts';
import { createCore } from '../../../core.ts';
import { reportInput } from '../../../core/report-input.ts';
import { reportHtml } from '../../../report/html.ts';
import { buildReport } from '../../../report/report-model.ts';
import { agreementRows, referenceText } from '../../../report/rows.ts';
import type { CommandContext } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import { table } from '../output.ts';
import { layersText, profileText, validityText, watchRun } from '../run-view.ts';
import { exitCodeOfRun } from './run.ts';

export interface DemoOptions {
  readonly out: string;
  readonly windows: number;
  readonly windowS: number;
  readonly items: number;
}

const repository = join(import.meta.dirname, '../../../..');
const models = join(repository, 'models');

/** The keyword spotter with its held-out inputs. */
function demoModel(): { readonly model: string; readonly data: string } {
  return { model: join(models, 'kws-syn.tflite'), data: join(models, 'kws-syn-samples') };
}

/** Performance, energy and accuracy of our own keyword spotter on the emulated bench, then a report. */
export async function demo(o: DemoOptions, { output, signal }: CommandContext): Promise<number> {
  const { model, data } = demoModel();
  if (!existsSync(model))
    return output.fail(
      fail(
        'cli.no-demo-model',
        { path: model },
        "The demo's model is not in this copy.",
        'Clone the repository again.',
      ),
    );
  const out = resolve(o.out);
  try {
    mkdirSync(out, { recursive: true });
  } catch (e) {
    return output.fail(
      fail(
        'cli.cannot-write',
        { path: out, code: (e as NodeJS.ErrnoException).code ?? '' },
        'The folder cannot be made.',
        'Choose another with --out.',
      ),
    );
  }
  const opened = await createCore({ dbPath: join(out, 'microjoule.db') });
  if (!opened.ok) return output.fail(opened);
  await using core = opened.value;
  const runs: RunResult[] = [];
  for (const mode of ['performance', 'energy', 'accuracy'] as const) {
    const done = await core.run(
      {
        modelPath: model,
        targetId: 'pico-emulated',
        mode,
        windows: o.windows,
        windowS: o.windowS,
        dataDir: data,
        maxItems: o.items,
      },
      {},
      { signal, onEvent: watchRun(output) },
    );
    output.endProgress();
    if (!done.ok) return output.fail(done);
    runs.push(done.value);
    if (done.value.status !== 'finished') break;
  }
  const profiled = runs.find((r) => r.plan.mode === 'performance' && r.status === 'finished');
  if (profiled) {
    const profile = await core.profileRun(profiled.runId, { inferences: 1, seed: 1 });
    if (!profile.ok) return output.fail(profile);
  }
  const report = join(out, 'report.html');
  writeFileSync(report, reportHtml(buildReport(reportInput(runs, core.store))));
  output.result({ database: core.store.path, report, runs }, () => demoText(runs, core.store.path, report));
  return Math.max(...runs.map(exitCodeOfRun), exitCodes.done);
}

const line = (what: string, q: Quantity | null | undefined): string[][] => {
  if (!q) return [];
  const t = formatQuantity(q);
  return [[what, t.value, [t.statistical, t.systematic].filter(Boolean).join(' '), q.source]];
};

/** Whether the run rules are kept, and why not where they are not. The demo takes a part of the items to be quick. */
function rulesCells(run: RunResult): [string, string] {
  if (run.validity.valid) return ['kept', ''];
  const broken = run.validity.rules.filter((r) => !r.kept);
  const partOnly =
    run.plan.mode === 'accuracy' &&
    run.status === 'finished' &&
    broken.length === 1 &&
    run.plan.maxItems === run.items.length;
  return partOnly
    ? ['a part, on purpose', `${broken[0]!.reason} items, to be quick; the rules ask for all`]
    : ['not kept', validityText(run).replace('does not keep the run rules: ', '')];
}

function demoText(runs: readonly RunResult[], database: string, report: string): string {
  const by = (mode: string) => runs.find((r) => r.plan.mode === mode);
  const performance = by('performance');
  const energy = by('energy');
  const accuracy = by('accuracy');
  const rows = [
    ...line('latency', performance?.latency),
    ...line('throughput', performance?.throughput),
    ...line(`energy per inference at ${energy?.plan.supplyV ?? 0} V`, energy?.energyPerInference),
    ...line('… net of idle', energy?.netEnergyPerInference),
    ...line('accuracy (top-1)', accuracy?.accuracy?.score),
    // each figure once: the latency of the energy run is predicted by the same number
    ...runs
      .flatMap(agreementRows)
      .filter((r, i, all) => all.findIndex((x) => x.what === r.what) === i)
      .map((r) => [
        `predicted ${r.what.toLowerCase()}`,
        formatQuantity(r.predicted).value,
        `${formatQuantity(r.predicted).statistical}; off by ${formatSignedPercent(r.residual)}`,
        'predicted',
      ]),
    ...runs.map((r) => [
      `device = host? (${r.plan.mode})`,
      r.comparison.text.replace('device = host: ', ''),
      '',
      r.source,
    ]),
    ...(runs[0] ? [['kernels', referenceText(runs[0]), '', '']] : []),
    ...runs.map((r) => [`run rules (${r.plan.mode})`, ...rulesCells(r), '']),
  ];
  const first = runs[0]!;
  return [
    `${first.plan.model.name} on ${first.targetName}`,
    table(['', 'value', 'uncertainty', 'source'], rows),
    profileText(performance ?? first),
    ...(energy?.layerEnergies ? [layersText(energy)] : []),
    `database  ${database}\nreport    ${report}`,
    [
      'Next:',
      `  open ${report} in a browser`,
      `  npm run microjoule -- runs --db ${database}`,
      '  npm run microjoule -- run YOUR_MODEL.tflite --target pico-emulated --mode energy',
      '  npm run microjoule -- doctor        (before you plug in a real board)',
    ].join('\n'),
  ].join('\n\n');
}
