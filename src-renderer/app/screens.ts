import type { Component } from 'svelte';
import Runs from '../screens/runs/Runs.svelte';
import Stream from '../screens/stream/Stream.svelte';

/** A screen of the rail. One folder each in screens/; `name` is its place in the address. */
export interface Screen {
  readonly name: string;
  readonly title: string;
  readonly component: Component;
}

/** In the order of the rail; the first is where a page begins. */
export const screens: readonly Screen[] = [
  { name: 'results', title: 'Results', component: Runs },
  { name: 'stream', title: 'Stream', component: Stream },
];
