/**
 * What a user can ask for by name: one list for the palette, the shortcuts sheet, the desktop's menu and the help of
 * the command line. What a command does is the page's affair; a command names itself, its key and its place.
 */
export interface CommandSpec {
  readonly id: string;
  /** As on a menu; `…` where more is asked before anything happens. */
  readonly title: string;
  /** `Mod` is Ctrl, on a Mac Cmd. Keys as KeyboardEvent.key names them. */
  readonly hotkey: string | null;
  readonly menu: MenuName;
  /** The `microjoule` command that does the same. */
  readonly cli: string | null;
}

export const menuNames = ['File', 'Measure', 'Go', 'Help'] as const;
export type MenuName = (typeof menuNames)[number];

const command = <I extends string>(
  id: I,
  title: string,
  hotkey: string | null,
  menu: MenuName,
  cli: string | null = null,
): CommandSpec & { readonly id: I } => ({ id, title, hotkey, menu, cli });

export const commands = [
  command('model.open', 'Open model…', 'Mod+O', 'File', 'run MODEL'),
  command('trace.import', 'Import trace…', 'Mod+I', 'File', 'trace import FILE'),
  command('settings.open', 'Settings', 'Mod+,', 'File'),
  command('run.start', 'Start the run', 'Mod+Enter', 'Measure', 'run MODEL'),
  command('activity.stop', 'Stop', 'Escape', 'Measure'),
  command('run.recover', 'Recover interrupted run', null, 'Measure', 'run --resume RUN'),
  command('demo.start', 'Start the demo', null, 'Measure', 'demo'),
  command('palette.open', 'Command palette', 'Mod+K', 'Go'),
  command('go.bench', 'Bench', 'Mod+1', 'Go', 'doctor'),
  command('go.run', 'Run', 'Mod+2', 'Go', 'run MODEL'),
  command('go.trace', 'Trace', 'Mod+3', 'Go', 'trace ls'),
  command('go.results', 'Results', 'Mod+4', 'Go', 'runs'),
  command('go.predict', 'Predict vs measure', 'Mod+5', 'Go', 'predict MODEL'),
  command('go.stream', 'Stream', 'Mod+6', 'Go', 'stream MODEL'),
  command('go.report', 'Report', 'Mod+7', 'Go', 'report RUN'),
  command('go.graph', 'Graph of the model', 'Mod+8', 'Go'),
  command('shortcuts.show', 'Keyboard shortcuts', '?', 'Help'),
  command('diagnostics.copy', 'Copy diagnostics', null, 'Help', 'doctor'),
] as const;

export type CommandId = (typeof commands)[number]['id'];
