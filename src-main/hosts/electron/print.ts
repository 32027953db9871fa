import { BrowserWindow } from 'electron';
import type { PrintPages } from './app-scheme.ts';

/** A page as PDF, by a window that nobody sees, runs no script and has no preload. */
export async function printPage(html: string, pages: PrintPages): Promise<Uint8Array> {
  const window = new BrowserWindow({
    show: false,
    webPreferences: { sandbox: true, contextIsolation: true, nodeIntegration: false, javascript: false },
  });
  try {
    await window.loadURL(pages.add(html));
    return await window.webContents.printToPDF({ printBackground: true, preferCSSPageSize: true });
  } finally {
    window.destroy();
  }
}
