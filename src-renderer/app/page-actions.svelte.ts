import { commands, type CommandId } from '../../src-main/contract/bench/commands.ts';
import { about } from '../state/about.svelte.ts';
import { bench } from '../state/bench.svelte.ts';
import { choice } from '../state/choice.svelte.ts';
import { pageCommands } from '../state/commands.svelte.ts';
import { log } from '../state/log.svelte.ts';
import { measure } from '../state/measure.svelte.ts';
import { plan } from '../state/plan.svelte.ts';
import { route } from '../state/route.svelte.ts';
import { settings } from '../state/settings.svelte.ts';
import { copyText } from '../widgets/copy-text.ts';
import { toasts } from '../widgets/toasts.svelte.ts';
import { askForFile } from './open-files.ts';
import { screens } from './screens.ts';

const idle = (): boolean => bench.connection === 'open' && !measure.running;

/** Starts what the Run screen shows, and goes there. */
export async function startRun(): Promise<void> {
  const request = plan.request();
  if (!request) return;
  const { port, monitor } = choice.wiring;
  if (port) settings.usedPort(port);
  if (monitor) settings.usedMonitor(monitor);
  route.go('run');
  const started = await bench.request('runs.start', request);
  if (started.ok) log.add('info', started.value.title);
  else refused('The run did not start', started);
}

export async function startDemo(): Promise<void> {
  route.go('run');
  const started = await bench.request('runs.demo', {});
  if (started.ok) log.add('info', 'Demo started');
  else refused('The demo did not start', started);
}

export async function recoverRun(runId: number): Promise<void> {
  route.go('run');
  const started = await bench.request('runs.resume', { runId, wiring: choice.wiring });
  void about.refresh();
  if (!started.ok) refused(`Run ${runId} does not go on`, started);
}

async function stopNewest(): Promise<void> {
  const activity = measure.active.at(-1);
  if (!activity) return;
  const failure = await measure.stop(activity.id);
  if (failure) refused('It was not stopped', failure);
}

function refused(title: string, failure: { id: string; facts: object; cause: string; next: string }): void {
  log.failed(title, failure as Parameters<typeof log.failed>[1]);
  toasts.show(`${title}. ${failure.cause} ${failure.next}`, { kind: 'bad' });
}

async function copyDiagnostics(): Promise<void> {
  const text = [
    `microjoule ${about.value?.version ?? 'unknown'} (${about.value?.host ?? 'unknown'})`,
    navigator.userAgent,
    '',
    log.text(),
  ].join('\n');
  toasts.show((await copyText(text)) ? 'Diagnostics copied' : 'The browser did not allow copying', {
    kind: 'info',
  });
}

interface Sheets {
  openPalette(): void;
  openShortcuts(): void;
}

/** What the commands of the contract do wherever the page is; returns their end. */
export function offerCommands({ openPalette, openShortcuts }: Sheets): () => void {
  const ends = [
    pageCommands.on('model.open', { run: () => void askForFile('.tflite') }),
    pageCommands.on('trace.import', { run: () => void askForFile('.mjtrace,.ppk2,.jls,.csv') }),
    pageCommands.on('settings.open', { run: () => route.go('settings') }),
    pageCommands.on('run.start', {
      enabled: () => idle() && choice.reachable && plan.request() !== null,
      run: () => void startRun(),
    }),
    pageCommands.on('activity.stop', {
      enabled: () => measure.active.length > 0,
      run: () => void stopNewest(),
    }),
    pageCommands.on('run.recover', {
      enabled: () => idle() && (about.value?.interruptedRuns.length ?? 0) > 0,
      run: () => void recoverRun(about.value!.interruptedRuns[0]!),
    }),
    pageCommands.on('demo.start', { enabled: idle, run: () => void startDemo() }),
    pageCommands.on('palette.open', { run: openPalette }),
    pageCommands.on('shortcuts.show', { run: openShortcuts }),
    pageCommands.on('diagnostics.copy', { run: () => void copyDiagnostics() }),
    ...screens.flatMap((s) => {
      const id = commands.find((c) => c.id === `go.${s.name}`)?.id as CommandId | undefined;
      return id ? [pageCommands.on(id, { run: () => route.go(s.name) })] : [];
    }),
  ];
  return () => {
    for (const end of ends) end();
  };
}
