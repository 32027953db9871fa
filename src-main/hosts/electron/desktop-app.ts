import { join } from 'node:path';
import { app, BrowserWindow, dialog, MessageChannelMain, powerSaveBlocker, session } from 'electron';
import type { MessagePortMain, WebContents } from 'electron';
import { DESKTOP_ORIGIN, type Opened } from '../../contract/bench/desktop.ts';
import type { FailureDto } from '../../contract/failure.ts';
import { failureText } from '../../base/errors.ts';
import { attachedReport, presentToken, PrintPages, serveAppScheme } from './app-scheme.ts';
import type { DesktopArguments, Served } from './arguments.ts';
import { CoreProcess } from './core-process.ts';
import { CrashReports } from './crash-reports.ts';
import { guardPermissions } from './guards.ts';
import { ATTACHED_TO, ipc } from './ipc-names.ts';
import { setMenu } from './menu.ts';
import { printPage } from './print.ts';
import { answerPage, onPage } from './sender.ts';
import { forkCore } from './utility-child.ts';

/** What goes on has so long to end an inference, close its devices and write to the database. */
const STOP_WITHIN_MS = 15_000;

const openDialog = {
  properties: ['openFile'],
  filters: [
    { name: 'Models and traces', extensions: ['tflite', 'mjtrace', 'ppk2', 'jls', 'csv'] },
    { name: 'Models', extensions: ['tflite'] },
    { name: 'Traces', extensions: ['mjtrace', 'ppk2', 'jls', 'csv'] },
  ],
} satisfies Electron.OpenDialogOptions;

/** One window, and one core unless the window is attached to somebody else's. */
export class DesktopApp {
  readonly #arguments: DesktopArguments;
  readonly #core: CoreProcess<MessagePortMain> | null;
  readonly #crashes: CrashReports;
  readonly #print = new PrintPages();
  #window: BrowserWindow | null = null;
  /** What goes on in our core. */
  #active: readonly string[] = [];
  #blocker: number | null = null;
  /** Opened before a page was there to be told. */
  readonly #untold: Opened[] = [];
  #pageListens = false;
  #quitting = false;

  constructor(given: DesktopArguments) {
    this.#arguments = given;
    this.#crashes = new CrashReports({
      folder: join(app.getPath('userData'), 'crash-reports'),
      version: app.getVersion(),
      nowIso: () => new Date().toISOString(),
    });
    this.#core = given.attach ? null : this.#makeCore(given.db);
  }

  open(): void {
    const { attach, files } = this.#arguments;
    const own = session.defaultSession;
    guardPermissions(own);
    serveAppScheme(own, {
      rendererDir: join(__dirname, '../renderer'),
      report: (run) => (attach ? attachedReport(attach, run) : this.#core!.report(run)),
      attach,
      print: this.#print,
    });
    if (attach) presentToken(own, attach);
    onPage(ipc.port, (event) => this.#connect(event.sender));
    answerPage(ipc.openFile, () => this.#openByDialog());
    setMenu((id) => this.#window?.webContents.send(ipc.command, id));
    app.on('before-quit', (event) => {
      if (this.#quitting) return;
      event.preventDefault();
      void this.#quit();
    });
    app.on('window-all-closed', () => app.quit());
    this.#core?.start();
    this.#openWindow(attach);
    this.openFiles(files);
  }

  /** Of the command line, of a second start, or double-clicked. */
  openFiles(files: readonly string[]): void {
    for (const path of files) void this.#core?.openFile(path).then((opened) => this.#tell(opened));
  }

  focus(): void {
    if (this.#window?.isMinimized()) this.#window.restore();
    this.#window?.focus();
  }

  #makeCore(db: string | null): CoreProcess<MessagePortMain> {
    return new CoreProcess<MessagePortMain>({
      fork: () => forkCore(join(__dirname, 'core.cjs'), db, (text) => this.#crashes.heard(text)),
      nowMs: () => performance.now(),
      onActive: (titles) => this.#nowActive(titles),
      onDied: (code, again) => this.#coreDied(code, again),
      onFailed: (failure) => void this.#coreFailed(failure),
      print: (html) => printPage(html, this.#print),
    });
  }

  #openWindow(attach: Served | null): void {
    const window = new BrowserWindow({
      width: 1440,
      height: 900,
      minWidth: 640,
      minHeight: 480,
      title: 'Microjoule',
      webPreferences: {
        preload: join(__dirname, 'preload.cjs'),
        contextIsolation: true,
        sandbox: true,
        nodeIntegration: false,
        webviewTag: false,
        spellcheck: false,
        additionalArguments: attach ? [`${ATTACHED_TO}ws://${attach.host}/bench`] : [],
      },
    });
    window.on('close', (event) => {
      if (this.#quitting) return;
      event.preventDefault();
      void this.#quit();
    });
    window.on('closed', () => (this.#window = null));
    window.webContents.on('did-start-navigation', (details) => {
      // a page that is loaded again has to say again that it listens
      if (details.isMainFrame && !details.isSameDocument) this.#pageListens = false;
    });
    this.#window = window;
    void window.loadURL(`${DESKTOP_ORIGIN}/`);
  }

  /** A port of its own for the page, straight to the core. */
  #connect(page: WebContents): void {
    this.#pageListens = true;
    for (const opened of this.#untold.splice(0)) page.send(ipc.opened, opened);
    if (!this.#core) return;
    const { port1, port2 } = new MessageChannelMain();
    this.#core.connect(port1);
    page.postMessage(ipc.port, null, [port2]);
  }

  async #openByDialog(): Promise<Opened | null> {
    if (!this.#core || !this.#window) return null;
    const { canceled, filePaths } = await dialog.showOpenDialog(this.#window, openDialog);
    const path = filePaths[0];
    return canceled || path === undefined ? null : this.#core.openFile(path);
  }

  #tell(opened: Opened): void {
    if (this.#pageListens) this.#window?.webContents.send(ipc.opened, opened);
    else this.#untold.push(opened);
  }

  /** A computer that falls asleep in a run ruins it. */
  #nowActive(titles: readonly string[]): void {
    this.#active = titles;
    if (titles.length > 0) this.#blocker ??= powerSaveBlocker.start('prevent-app-suspension');
    else if (this.#blocker !== null) {
      powerSaveBlocker.stop(this.#blocker);
      this.#blocker = null;
    }
  }

  #coreDied(code: number, again: boolean): void {
    const file = this.#crashes.write(code);
    this.#window?.webContents.send(ipc.portLost);
    if (again) return;
    const said = file === null ? '' : ` What it said last is in ${file}.`;
    void this.#askAgain(
      'The core ends again and again.',
      `It ended with code ${code}.${said} What was measured is kept.`,
    );
  }

  #coreFailed(failure: FailureDto): Promise<void> {
    return this.#askAgain('The bench cannot be opened.', failureText({ ok: false, ...failure }));
  }

  async #askAgain(message: string, detail: string): Promise<void> {
    const buttons = ['Try again', 'Quit'];
    const { response } = await dialog.showMessageBox({
      type: 'error',
      message,
      detail,
      buttons,
      defaultId: 0,
      cancelId: 1,
    });
    if (response === 0) this.#core?.retry();
    else await this.#quit();
  }

  async #quit(): Promise<void> {
    if (this.#active.length > 0 && this.#window) {
      const { response } = await dialog.showMessageBox(this.#window, {
        type: 'question',
        message: 'A measurement is going on.',
        detail: `${this.#active.join('\n')}\n\nStopped now, it can go on later from where it was.`,
        buttons: ['Keep measuring', 'Stop and quit'],
        defaultId: 0,
        cancelId: 0,
      });
      if (response === 0) return;
    }
    if (this.#quitting) return;
    this.#quitting = true;
    await this.#core?.stop(STOP_WITHIN_MS);
    app.quit();
  }
}
