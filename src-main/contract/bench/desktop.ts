import type { FailureDto } from '../failure.ts';
import type { CommandId } from './commands.ts';
import type { ModelEntry } from './models.ts';

/** What a file that was opened in the desktop app has become. */
export type Opened =
  | { readonly kind: 'model'; readonly model: ModelEntry }
  | { readonly kind: 'trace'; readonly trace: string }
  | { readonly kind: 'failure'; readonly failure: FailureDto };

/** The name in `window` under which the desktop's preload puts its whole surface. */
export const DESKTOP_GLOBAL = 'microjouleDesktop';

/** `postMessage` types of what the preload hands to the page; a MessagePort cannot pass the context bridge. */
export const DESKTOP_PORT = 'microjoule-port';
export const DESKTOP_PORT_LOST = 'microjoule-port-lost';

/**
 * Everything a page of the desktop app can ask of it besides the bench's contract. Nothing here takes or gives a path:
 * dialogs are shown by the app, files go to the core, the page gets what they became.
 */
export interface DesktopApi {
  /** URL of the bench's WebSocket when the window is attached to a served bench; null: the core is this app's own. */
  readonly attachedTo: string | null;
  /** Asks for the port of the bench; it comes as a window message `DESKTOP_PORT`, and again after each request only. */
  requestPort(): void;
  /** Shows the dialog for models and traces; null when it was cancelled. */
  openFile(): Promise<Opened | null>;
  /** Commands chosen from the menu. The returned function ends it. */
  onCommand(listener: (id: CommandId) => void): () => void;
  /** Files that were opened from outside: double-clicked, given on the command line. The returned function ends it. */
  onOpened(listener: (opened: Opened) => void): () => void;
}

/** Origin of the desktop app's page: no web site can have it. */
export const DESKTOP_ORIGIN = 'app://microjoule';
