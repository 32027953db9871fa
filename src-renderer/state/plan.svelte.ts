import type { RunChoice } from '../../src-main/contract/bench/runs.ts';
import type { Mode } from '../../src-main/contract/plan.ts';
import { choice } from './choice.svelte.ts';
import { settings } from './settings.svelte.ts';

/** How it would be measured: the plan of the next run. */
class Plan {
  mode = $state<Mode>('performance');
  windows = $state(5);
  windowS = $state(10);
  warmUp = $state(5);
  /** Half width of the 95 % interval over the median, in percent; null: all windows are measured. */
  untilPercent = $state<number | null>(null);
  maxItems = $state<number | null>(100);
  withData = $state(true);
  supplyV = $state<number | null>(null);
  /** Everything that is typed is a number within its limits. */
  fieldsValid = $state(true);

  readonly dataThere = $derived(choice.model?.hasData ?? false);
  readonly valid = $derived(this.fieldsValid && (this.mode !== 'accuracy' || this.dataThere));
  readonly volts = $derived(this.supplyV ?? settings.value?.supplyV ?? choice.target?.supply.usualV ?? 3.3);
  readonly summary = $derived.by(() => {
    if (this.mode === 'accuracy')
      return this.maxItems === null ? 'accuracy, all items' : `accuracy, ${this.maxItems} items`;
    const until = this.untilPercent === null ? '' : `, ± ${this.untilPercent} %`;
    return `${this.mode}, ${this.untilPercent === null ? '' : '≤ '}${this.windows} × ${this.windowS} s${until}`;
  });

  request(): RunChoice | null {
    const { model, target, wiring } = choice;
    if (!model || !target || !this.valid) return null;
    const items = this.mode === 'accuracy';
    return {
      model: model.token,
      targetId: target.id,
      mode: this.mode,
      wiring,
      withData: this.dataThere && (items || this.withData),
      windows: this.windows,
      windowS: this.windowS,
      warmUp: this.warmUp,
      supplyV: this.volts,
      ...(items && this.maxItems !== null ? { maxItems: this.maxItems } : {}),
      ...(!items && this.untilPercent !== null ? { untilRel: this.untilPercent / 100 } : {}),
    };
  }
}

export const plan = new Plan();
