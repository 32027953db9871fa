import { app, type Session } from 'electron';
import { DESKTOP_ORIGIN } from '../../contract/bench/desktop.ts';
import { isOwnUrl } from './sender.ts';

/** Nothing in a window opens another, leaves the app's own pages, or hosts a guest. Before the first window. */
export function guardContents(): void {
  app.on('web-contents-created', (_event, contents) => {
    contents.setWindowOpenHandler(() => ({ action: 'deny' }));
    const stay = (event: { preventDefault(): void; readonly url?: string }, url: string): void => {
      if (!isOwnUrl(event.url ?? url)) event.preventDefault();
    };
    contents.on('will-navigate', stay);
    contents.on('will-redirect', stay);
    contents.on('will-attach-webview', (event) => event.preventDefault());
  });
}

/** Writing text to the clipboard is what Copy buttons do; everything else, also microphones (the core records), is denied. */
const GRANTED = 'clipboard-sanitized-write';

export function guardPermissions(session: Session): void {
  session.setPermissionRequestHandler((contents, permission, decide) =>
    decide(permission === GRANTED && isOwnUrl(contents.getURL())),
  );
  session.setPermissionCheckHandler(
    (contents, permission) => permission === GRANTED && contents !== null && isOwnUrl(contents.getURL()),
  );
  session.setDevicePermissionHandler(() => false);
  // a picture or a report that the page has made may be saved; nothing is fetched from anywhere
  session.on('will-download', (event, item) => {
    if (!item.getURL().startsWith(`blob:${DESKTOP_ORIGIN}/`)) event.preventDefault();
  });
}
