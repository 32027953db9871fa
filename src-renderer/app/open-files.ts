import type { Opened } from '../../src-main/contract/bench/desktop.ts';
import type { FailureDto } from '../../src-main/contract/failure.ts';
import { desktop } from '../client/open-channel.ts';
import { fail } from '../../src-main/base/errors.ts';
import { importFile, isTraceFileName } from '../screens/trace/import-file.ts';
import { bench } from '../state/bench.svelte.ts';
import { choice } from '../state/choice.svelte.ts';
import { log } from '../state/log.svelte.ts';
import { route } from '../state/route.svelte.ts';
import { toasts } from '../widgets/toasts.svelte.ts';

/** What can be dropped anywhere on the page, and what happens then. */
export const dropKinds = [
  { extensions: '.tflite', becomes: 'opens as the model of the next run' },
  { extensions: '.mjtrace .ppk2 .jls .csv', becomes: 'is imported as a trace' },
] as const;

function refused(title: string, failure: FailureDto): void {
  log.failed(title, failure);
  toasts.show(`${title}: ${failure.cause} ${failure.next}`, { kind: 'bad' });
}

export async function openFile(file: File): Promise<void> {
  if (/\.tflite$/i.test(file.name)) return openModel(file);
  if (isTraceFileName(file.name)) return openTrace(file);
  refused(
    file.name,
    fail(
      'bench.unknown-file',
      { file: file.name },
      'This is neither a model nor a trace that can be read.',
      'Drop a .tflite, .mjtrace, .ppk2, .jls or .csv file.',
    ),
  );
}

async function openModel(file: File): Promise<void> {
  const before = choice.modelToken;
  const added = await choice.addModel(file);
  if (!added.ok) return refused(`${file.name} was not opened`, added);
  modelOpened(added.value.name, before);
}

function modelOpened(name: string, before: string): void {
  log.add('good', `Model ${name} opened`);
  toasts.show(`Model ${name} chosen`, { kind: 'good', undo: () => (choice.modelToken = before) });
  route.go('run');
}

async function openTrace(file: File): Promise<void> {
  toasts.show(`Importing ${file.name}…`);
  const imported = await importFile(bench, file, () => {});
  if (!imported.ok) return refused(`${file.name} was not imported`, imported);
  log.add('good', `${file.name} imported as a trace`);
  route.go('trace', { trace: imported.value.trace.id });
}

/** The desktop has a dialog of its own; a page asks the browser. */
export async function askForFile(accept: string): Promise<void> {
  if (desktop) return takeOpened(await desktop.openFile());
  const input = document.createElement('input');
  input.type = 'file';
  input.accept = accept;
  input.addEventListener('change', () => {
    const file = input.files?.[0];
    if (file) void openFile(file);
  });
  input.click();
}

/** What the desktop made of a file. */
export async function takeOpened(opened: Opened | null): Promise<void> {
  if (!opened) return;
  if (opened.kind === 'failure') return refused('The file was not opened', opened.failure);
  if (opened.kind === 'trace') return route.go('trace', { trace: opened.trace });
  const before = choice.modelToken;
  await choice.loadModels();
  choice.modelToken = opened.model.token;
  modelOpened(opened.model.name, before);
}
