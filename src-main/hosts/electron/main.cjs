/**
 * The desktop window on a served bench: `electron main.cjs --attach=URL`. The core runs in the process that serves it;
 * this one makes a locked-down window and nothing else.
 */
const { app, BrowserWindow, session } = require('electron');

const attach = process.argv.map((a) => /^--attach=(http:\/\/.+)$/.exec(a)?.[1]).find(Boolean);
if (!attach) {
  console.error(
    'desktop.no-bench: start the window with `npm start`, or give --attach=URL of a served bench.',
  );
  app.exit(2);
}
const origin = attach ? new URL(attach).origin : '';

function sameOrigin(url) {
  try {
    return new URL(url).origin === origin;
  } catch {
    return false;
  }
}

app.on('web-contents-created', (_event, contents) => {
  contents.setWindowOpenHandler(() => ({ action: 'deny' }));
  contents.on('will-navigate', (event, url) => {
    if (!sameOrigin(url)) event.preventDefault();
  });
});

app.on('second-instance', () => {
  const [window] = BrowserWindow.getAllWindows();
  window?.focus();
});

if (attach && app.requestSingleInstanceLock()) {
  void app.whenReady().then(() => {
    session.defaultSession.setPermissionRequestHandler((_contents, _permission, decide) => decide(false));
    const window = new BrowserWindow({
      width: 1200,
      height: 800,
      title: 'Microjoule',
      webPreferences: { contextIsolation: true, sandbox: true, nodeIntegration: false },
    });
    void window.loadURL(attach);
  });
  app.on('window-all-closed', () => app.quit());
} else {
  app.quit();
}
