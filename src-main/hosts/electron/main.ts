/** The desktop app's main process: window, menu, dialogs. It measures nothing and opens no device. */
import { app, crashReporter } from 'electron';
import { failureText } from '../../base/errors.ts';
import { declareAppScheme } from './app-scheme.ts';
import { desktopArguments, type DesktopArguments } from './arguments.ts';
import { DesktopApp } from './desktop-app.ts';
import { guardContents } from './guards.ts';

function filesOf(words: readonly string[], folder: string): readonly string[] {
  const given = desktopArguments(words, folder);
  return given.ok ? given.value.files : [];
}

function start(given: DesktopArguments): void {
  crashReporter.start({ uploadToServer: false, submitURL: '' });
  if (!app.requestSingleInstanceLock()) return app.quit();
  // as root Chromium's sandbox cannot be; who says --no-sandbox knows it
  if (!app.commandLine.hasSwitch('no-sandbox')) app.enableSandbox();
  declareAppScheme();
  guardContents();
  let desktop: DesktopApp | null = null;
  const early: string[] = [];
  const open = (files: readonly string[]): void => {
    if (desktop) desktop.openFiles(files);
    else early.push(...files);
  };
  // macOS tells of a double-clicked file this way, also before the app is ready
  app.on('open-file', (event, path) => {
    event.preventDefault();
    open([path]);
  });
  app.on('second-instance', (_event, words, folder) => {
    desktop?.focus();
    open(filesOf(words.slice(1), folder));
  });
  void app.whenReady().then(() => {
    desktop = new DesktopApp({ ...given, files: [...given.files, ...early] });
    desktop.open();
  });
}

const given = desktopArguments(process.argv.slice(1), process.cwd());
if (!given.ok) {
  console.error(failureText(given));
  app.exit(2);
} else if (given.value.version) {
  console.log(app.getVersion());
  app.exit(0);
} else start(given.value);
