import { verdictWord } from '../contract/comparison.ts';
import { formatQuantity, formatSignedPercent } from '../contract/format-quantity.ts';
import type { OpProfile } from '../contract/profile.ts';
import type { ReportModel } from './report-model.ts';
import { functionRows } from './code-profile.ts';
import { layerSentence, layerTable } from './layers.ts';
import { agreementRows, comparisonRows, referenceText, scoreRows } from './rows.ts';

const cell = (text: string) => text.replaceAll('|', '\\|').replaceAll('\n', ' ');

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map(cell).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

/** Every run beside the baseline. */
function comparison(model: ReportModel): string[] {
  const rows = comparisonRows(model).map((r) => [
    r.comparison.figure,
    `run ${r.runId}`,
    formatQuantity(r.baseline).line,
    formatQuantity(r.other).line,
    formatSignedPercent(r.comparison.change, 2),
    verdictWord(r.comparison),
  ]);
  const head = ['Figure', 'Run', 'Baseline', 'This run', 'Change', 'Verdict'];
  return rows.length ? [`## Compared with run ${model.baseline}`, table(head, rows)] : [];
}

/** The report for a wiki or an issue: the same figures, no charts. */
/** `Cycles`, or `Instructions` of a board in QEMU. */
function unitTitle(profile: OpProfile): string {
  return profile.unit === 'instructions' ? 'Instructions' : 'Cycles';
}

export function reportMarkdown(model: ReportModel): string {
  const figures = model.runs.flatMap((run) =>
    scoreRows(run).map(({ what, quantity }) => {
      const q = formatQuantity(quantity);
      return [
        what,
        q.value,
        q.statistical,
        q.systematic.replace(' systematic', ''),
        quantity.source,
        String(quantity.n),
        `run ${run.runId}`,
      ];
    }),
  );
  const agreement = model.runs
    .flatMap(agreementRows)
    .map((r) => [
      r.what,
      formatQuantity(r.predicted).line,
      formatQuantity(r.measured).line,
      formatSignedPercent(r.residual),
    ]);
  const notes = [...new Set(model.runs.flatMap((r) => r.notes))];
  const profile = model.runs.find((r) => r.profile)?.profile;
  const parts = [
    `# ${model.title}`,
    table(['Figure', 'Value', 'Statistical', 'Systematic', 'Source', 'n', 'From'], figures),
    ...model.runs.map(
      (r) =>
        `Run ${r.runId} (${r.plan.mode}): ${r.comparison.text}; ${referenceText(r)}; ${r.validity.valid ? 'keeps' : 'does not keep'} the run rules${
          r.validity.valid
            ? ''
            : ` (${r.validity.rules
                .filter((x) => !x.kept)
                .map((x) => x.reason)
                .join('; ')})`
        }.`,
    ),
    ...comparison(model),
    ...(agreement.length
      ? ['## Predicted and measured', table(['Figure', 'Predicted', 'Measured', 'Residual'], agreement)]
      : []),
    ...(profile
      ? [
          `## ${unitTitle(profile)} per operator`,
          table(
            ['#', 'Kernel', 'Operator', 'MACs', unitTitle(profile), `${unitTitle(profile)}/MAC`],
            profile.ops.map((o) => [
              String(o.index),
              o.kernel,
              o.name,
              String(o.macs),
              String(o.cycles),
              o.macs ? (o.cycles / o.macs).toFixed(2) : '',
            ]),
          ),
        ]
      : []),
    ...model.runs.flatMap((r) => {
      const layers = layerTable(r);
      return layers
        ? [
            '## Energy per layer',
            layerSentence(layers),
            table(
              ['#', 'Kernel', 'Operator', 'µJ', 'µJ net of idle', 'ms', 'mA', '%', 'nJ/MAC'],
              layers.rows.map((l) => [
                String(l.index),
                l.kernel,
                l.name,
                l.energy,
                l.net,
                l.duration,
                l.current,
                l.share,
                l.perMac,
              ]),
            ),
          ]
        : [];
    }),
    ...model.codeProfiles.flatMap(({ runId, profile }) => [
      '## Where the cycles go',
      `Counted on the emulated board in an inference of run ${runId}.`,
      table(
        ['Function', 'Cycles', '%', 'Calls', 'Instructions'],
        functionRows(profile)
          .slice(0, 12)
          .map((f) => [
            f.name,
            String(f.cycles),
            ((100 * f.cycles) / profile.cycles).toFixed(1),
            String(f.calls),
            String(f.instructions),
          ]),
      ),
    ]),
    ...(notes.length ? ['## Notes', notes.map((n) => `- ${n.replaceAll(/\s+/g, ' ')}`).join('\n')] : []),
    '## System',
    table(['Property', 'Value'], model.system),
    '## Method',
    ...model.method.map((m) => `**${m.heading}.** ${m.text}`),
    `_${model.generator}_`,
  ];
  return `${parts.join('\n\n')}\n`;
}
