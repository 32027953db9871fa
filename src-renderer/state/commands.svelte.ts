import { untrack } from 'svelte';
import { SvelteMap } from 'svelte/reactivity';
import { commands, type CommandId, type CommandSpec } from '../../src-main/contract/bench/commands.ts';

export interface CommandAction {
  /** false: shown, but cannot be chosen now. */
  readonly enabled?: () => boolean;
  readonly run: () => void;
}

/** What the commands of the contract do on this page. A screen gives its own while it is shown; the newest counts. */
class Commands {
  readonly #actions = new SvelteMap<CommandId, readonly CommandAction[]>();

  /** Until the returned function is called. */
  on(id: CommandId, action: CommandAction): () => void {
    // an effect that offers commands must not depend on what is offered
    const others = (): readonly CommandAction[] =>
      untrack(() => (this.#actions.get(id) ?? []).filter((a) => a !== action));
    this.#actions.set(id, [...others(), action]);
    return () => {
      const left = others();
      if (left.length > 0) this.#actions.set(id, left);
      else this.#actions.delete(id);
    };
  }

  can(id: CommandId): boolean {
    const action = this.#actions.get(id)?.at(-1);
    return action !== undefined && (action.enabled?.() ?? true);
  }

  /** False when the command cannot be carried out now. */
  run(id: CommandId): boolean {
    if (!this.can(id)) return false;
    this.#actions.get(id)!.at(-1)!.run();
    return true;
  }

  /** Those that somebody carries out, in the order of the menu. */
  list(): readonly CommandSpec[] {
    return commands.filter((c) => this.#actions.has(c.id));
  }
}

export const pageCommands = new Commands();
export const isMac = /Mac|iPhone|iPad/.test(navigator.platform);
