import { withRecent, type Settings, type SettingsChange } from '../../src-main/contract/bench/settings.ts';
import type { FailureDto } from '../../src-main/contract/failure.ts';
import { bench } from './bench.svelte.ts';

/** What the user chose once. The bench keeps it; until it has answered the defaults of the theme are in force. */
class SettingsState {
  value = $state.raw<Settings | null>(null);
  folder = $state('');
  failure = $state.raw<FailureDto | null>(null);
  #changes = 0;

  constructor() {
    $effect.root(() => {
      $effect(() => {
        if (bench.connection === 'open') void this.#load();
      });
      $effect(() => this.#show());
    });
  }

  /** Takes effect at once; when the bench cannot keep it, `failure` says so. */
  async set(change: SettingsChange): Promise<void> {
    const mine = ++this.#changes;
    if (this.value) this.value = { ...this.value, ...(change as Partial<Settings>) };
    const answer = await bench.request('settings.set', change);
    // the answer to an older change does not know the newer one
    if (mine !== this.#changes) return;
    this.failure = answer.ok ? null : answer;
    if (answer.ok) this.value = answer.value.settings;
  }

  usedPort(address: string): void {
    const recent = this.value?.recentPorts ?? [];
    if (address && recent[0] !== address) void this.set({ recentPorts: withRecent(recent, address) });
  }

  usedMonitor(address: string): void {
    const recent = this.value?.recentMonitors ?? [];
    if (address && recent[0] !== address) void this.set({ recentMonitors: withRecent(recent, address) });
  }

  async #load(): Promise<void> {
    const answer = await bench.request('settings.get', {});
    this.failure = answer.ok ? null : answer;
    if (!answer.ok) return;
    this.value = answer.value.settings;
    this.folder = answer.value.folder;
  }

  #show(): void {
    const root = document.documentElement;
    const { theme, density, motion } = this.value ?? {
      theme: 'system',
      density: 'comfortable',
      motion: 'system',
    };
    if (theme === 'system') root.removeAttribute('data-theme');
    else root.dataset.theme = theme;
    root.dataset.density = density;
    root.dataset.motion = motion;
  }
}

export const settings = new SettingsState();
