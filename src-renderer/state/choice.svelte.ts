import type { HardwareList, MonitorEntry, TargetEntry } from '../../src-main/contract/bench/hardware.ts';
import { MAX_MODEL_BYTES, type ModelEntry } from '../../src-main/contract/bench/models.ts';
import type { WiringChoice } from '../../src-main/contract/bench/runs.ts';
import { fail, type Result } from '../../src-main/base/errors.ts';
import type { FailureDto } from '../../src-main/contract/failure.ts';
import { bench } from './bench.svelte.ts';
import { settings } from './settings.svelte.ts';

/** What a page begins with: small, with labelled inputs. */
const FIRST_MODEL = 'kws-syn';

/** What would be measured now: model, target and where its hardware is. Every screen sees the same choice. */
class Choice {
  hardware = $state.raw<HardwareList | null>(null);
  models = $state.raw<readonly ModelEntry[] | null>(null);
  /** Why one of the two lists is missing. */
  failure = $state.raw<FailureDto | null>(null);
  readonly #failures: Record<'hardware' | 'models', FailureDto | null> = { hardware: null, models: null };
  scanning = $state(false);
  modelToken = $state('');
  targetId = $state('');
  /** Of a real target. */
  port = $state('');
  /** `KIND:ADDRESS` of a real target, the kind alone of an emulated one, '' for none. */
  monitor = $state('');

  readonly target: TargetEntry | null = $derived(
    this.hardware?.targets.find((t) => t.id === this.targetId) ?? this.hardware?.targets[0] ?? null,
  );
  readonly model: ModelEntry | null = $derived(
    this.models?.find((m) => m.token === this.modelToken) ??
      this.models?.find((m) => m.name === FIRST_MODEL) ??
      this.models?.[0] ??
      null,
  );
  readonly monitorKind: MonitorEntry | null = $derived.by(() => {
    const kinds = this.hardware?.monitors ?? [];
    const named = kinds.find((m) => m.kind === /^[a-z]\w*/.exec(this.monitor)?.[0]);
    if (named) return named;
    return this.target?.needsPort && this.monitor === ''
      ? null
      : (kinds.find((m) => m.kind === 'ppk2') ?? null);
  });
  readonly wiring: WiringChoice = $derived.by(() => {
    const port = this.target?.needsPort ? this.port.trim() : '';
    const monitor = this.monitor.trim();
    return { ...(port ? { port } : {}), ...(monitor ? { monitor } : {}) };
  });
  /** The target can be reached as far as the page knows: emulated, or a port was named. */
  readonly reachable = $derived(this.target !== null && (!this.target.needsPort || this.port.trim() !== ''));

  constructor() {
    $effect.root(() => {
      $effect(() => {
        if (bench.connection !== 'open') return;
        void this.scan();
        void this.loadModels();
      });
      $effect(() => {
        const chosen = settings.value?.targetId;
        if (chosen && this.targetId === '') this.targetId = chosen;
      });
    });
  }

  async scan(): Promise<void> {
    this.scanning = true;
    const answer = await bench.request('hardware.scan', {});
    this.scanning = false;
    if (answer.ok) this.hardware = answer.value;
    this.#failed('hardware', answer);
  }

  async loadModels(): Promise<void> {
    const answer = await bench.request('models.list', {});
    if (answer.ok) this.models = answer.value;
    this.#failed('models', answer);
  }

  /** A list that came at last is no failure any more. */
  #failed(list: 'hardware' | 'models', answer: Result<unknown>): void {
    this.#failures[list] = answer.ok ? null : answer;
    this.failure = this.#failures.hardware ?? this.#failures.models;
  }

  /** Hands a model over to the bench and chooses it. */
  async addModel(file: File): Promise<Result<ModelEntry>> {
    if (file.size > MAX_MODEL_BYTES)
      return fail(
        'model.too-large',
        { name: file.name, bytes: file.size, limit: MAX_MODEL_BYTES },
        'This file is larger than any model for a microcontroller.',
        'Choose the quantised .tflite file.',
      );
    const bytes = new Uint8Array(await file.arrayBuffer());
    const added = await bench.request('models.add', { name: file.name, bytes });
    if (added.ok) {
      await this.loadModels();
      this.modelToken = added.value.token;
    }
    return added;
  }
}

export const choice = new Choice();
