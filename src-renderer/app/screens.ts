import type { Component } from 'svelte';
import Bench from '../screens/bench/Bench.svelte';
import Graph from '../screens/graph/Graph.svelte';
import Predict from '../screens/predict/Predict.svelte';
import Report from '../screens/report/Report.svelte';
import Results from '../screens/results/Results.svelte';
import Run from '../screens/run/Run.svelte';
import Settings from '../screens/settings/Settings.svelte';
import Stream from '../screens/stream/Stream.svelte';
import Trace from '../screens/trace/Trace.svelte';
import type { IconName } from '../widgets/icons.ts';

/** A screen of the rail. One folder each in screens/; `name` is its place in the address. */
export interface Screen {
  readonly name: string;
  readonly title: string;
  readonly component: Component;
  /** Under the icon, where the title is too long for it. */
  readonly label?: string;
  readonly icon?: IconName;
  /** Uses all of the room without margins, and scrolls by itself. */
  readonly fill?: boolean;
  /** At the foot of the rail. */
  readonly foot?: boolean;
}

/** In the order of the rail; the first is where a page begins. */
export const screens: readonly Screen[] = [
  { name: 'bench', title: 'Bench', component: Bench, icon: 'bench' },
  { name: 'run', title: 'Run', component: Run, icon: 'run' },
  { name: 'trace', title: 'Trace', component: Trace, icon: 'trace', fill: true },
  { name: 'results', title: 'Results', component: Results, icon: 'results' },
  { name: 'predict', title: 'Predict vs measure', label: 'Predict', component: Predict, icon: 'predict' },
  { name: 'stream', title: 'Stream', component: Stream, icon: 'stream' },
  { name: 'report', title: 'Report', component: Report, icon: 'report' },
  { name: 'graph', title: 'Graph', component: Graph, icon: 'graph' },
  { name: 'settings', title: 'Settings', component: Settings, icon: 'settings', foot: true },
];
