import { contextBridge, ipcRenderer } from 'electron';
import type { CommandId } from '../../contract/bench/commands.ts';
import {
  DESKTOP_GLOBAL,
  DESKTOP_PORT,
  DESKTOP_PORT_LOST,
  type DesktopApi,
  type Opened,
} from '../../contract/bench/desktop.ts';
import { ATTACHED_TO, ipc } from './ipc-names.ts';

/** What a preload has of the page: this folder knows no DOM. */
declare const window: {
  postMessage(message: unknown, targetOrigin: string, transfer?: readonly unknown[]): void;
};
declare const location: { readonly origin: string };

/** A page may subscribe, and is never given the event: that would hand it a way to send. */
function listen<T>(channel: string, listener: (value: T) => void): () => void {
  const heard = (_event: unknown, value: T): void => listener(value);
  ipcRenderer.on(channel, heard);
  return () => void ipcRenderer.removeListener(channel, heard);
}

// a MessagePort cannot pass the context bridge
ipcRenderer.on(ipc.port, (event) => window.postMessage({ type: DESKTOP_PORT }, location.origin, event.ports));
ipcRenderer.on(ipc.portLost, () => window.postMessage({ type: DESKTOP_PORT_LOST }, location.origin));

const api: DesktopApi = {
  attachedTo: process.argv.find((word) => word.startsWith(ATTACHED_TO))?.slice(ATTACHED_TO.length) ?? null,
  requestPort: () => ipcRenderer.send(ipc.port),
  openFile: () => ipcRenderer.invoke(ipc.openFile) as Promise<Opened | null>,
  onCommand: (listener) => listen<CommandId>(ipc.command, listener),
  onOpened: (listener) => listen<Opened>(ipc.opened, listener),
};
contextBridge.exposeInMainWorld(DESKTOP_GLOBAL, api);
