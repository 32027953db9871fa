import type { z } from 'zod';
import { ipcMain, type IpcMainEvent, type IpcMainInvokeEvent, type WebFrameMain } from 'electron';
import { DESKTOP_ORIGIN } from '../../contract/bench/desktop.ts';
import { ipcInputs } from './ipc-inputs.ts';

type Channel = keyof typeof ipcInputs;
type Input<C extends Channel> = z.output<(typeof ipcInputs)[C]>;

/** A URL of the app's own page. `URL.origin` is `null` for schemes it does not know. */
export function isOwnUrl(url: string): boolean {
  const parsed = URL.canParse(url) ? new URL(url) : null;
  return parsed !== null && `${parsed.protocol}//${parsed.host}` === DESKTOP_ORIGIN;
}

/** Only the page itself, not a frame in it (the report's preview), and only while it is our page. */
function isOurPage(frame: WebFrameMain | null): boolean {
  return frame !== null && frame.parent === null && isOwnUrl(frame.url);
}

function parsed<C extends Channel>(
  channel: C,
  event: IpcMainEvent | IpcMainInvokeEvent,
  words: unknown[],
): Input<C> | null {
  if (!isOurPage(event.senderFrame)) return null;
  const result = ipcInputs[channel].safeParse(words);
  return result.success ? result.data : null;
}

/** Hears what our page sends; whoever else sends, or something else, is not heard. */
export function onPage<C extends Channel>(
  channel: C,
  act: (event: IpcMainEvent, ...input: Input<C>) => void,
): void {
  ipcMain.on(channel, (event, ...words: unknown[]) => {
    const input = parsed(channel, event, words);
    if (input) act(event, ...input);
  });
}

/** The same with an answer; the refused one gets an error that says nothing. */
export function answerPage<C extends Channel, T>(
  channel: C,
  answer: (event: IpcMainInvokeEvent, ...input: Input<C>) => Promise<T>,
): void {
  ipcMain.handle(channel, async (event, ...words: unknown[]) => {
    const input = parsed(channel, event, words);
    if (!input) throw new Error('refused');
    return answer(event, ...input);
  });
}
