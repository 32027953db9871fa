import type { ModelEntry } from '../../../src-main/contract/bench/models.ts';
import type { RunSummary } from '../../../src-main/contract/index.ts';

/** `run-3` or `model-0123abcd`: what a graph is of, as one word of the address. */
export function placeOf(value: string): { readonly runId: number } | { readonly model: string } | null {
  const run = /^run-(\d{1,9})$/.exec(value);
  if (run) return { runId: Number(run[1]) };
  const model = /^model-([\w-]{1,64})$/.exec(value);
  return model ? { model: model[1]! } : null;
}

/** Of the screen's own parameters `run=3` or `model=TOKEN`. */
export function placeParameter(parameters: Readonly<Record<string, string>>): string {
  if (parameters.run) return `run-${parameters.run}`;
  return parameters.model ? `model-${parameters.model}` : '';
}

const SHOWN_RUNS = 100;

/** Models first, then the newest runs that have something to show. */
export function graphChoices(
  models: readonly ModelEntry[],
  runs: readonly RunSummary[],
): { readonly value: string; readonly label: string; readonly group: string }[] {
  return [
    ...models.map((m) => ({ value: `model-${m.token}`, label: m.name, group: 'Models' })),
    ...runs
      .filter((r) => r.mode !== 'accuracy')
      .slice(0, SHOWN_RUNS)
      .map((r) => ({
        value: `run-${r.runId}`,
        label: `${r.runId} ${r.modelName}, ${r.mode}`,
        group: 'Runs',
      })),
  ];
}
