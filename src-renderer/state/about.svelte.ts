import type { About } from '../../src-main/contract/bench/about.ts';
import { bench } from './bench.svelte.ts';

const REFRESH_MS = 30_000;

/** What the bench says of itself; asked again when the connection comes back and now and then, for the space left. */
class AboutState {
  value = $state.raw<About | null>(null);

  constructor() {
    $effect.root(() => {
      $effect(() => {
        if (bench.connection !== 'open') return;
        void this.refresh();
        const timer = setInterval(() => void this.refresh(), REFRESH_MS);
        return () => clearInterval(timer);
      });
    });
  }

  async refresh(): Promise<void> {
    const answer = await bench.request('bench.about', {});
    if (answer.ok) this.value = answer.value;
  }
}

export const about = new AboutState();
