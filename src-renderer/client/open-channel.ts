import {
  DESKTOP_GLOBAL,
  DESKTOP_PORT,
  DESKTOP_PORT_LOST,
  type DesktopApi,
} from '../../src-main/contract/bench/desktop.ts';
import type { Channel } from '../../src-main/contract/bench/messages.ts';
import { portChannel } from './port-channel.ts';
import { openWebSocketChannel } from './websocket-channel.ts';

/** The desktop app around this page, or null in a browser. */
export const desktop: DesktopApi | null =
  (globalThis as unknown as Record<string, DesktopApi | undefined>)[DESKTOP_GLOBAL] ?? null;

/** Nobody waits longer for a core that does not come. */
const PORT_WITHIN_MS = 10_000;

/** Calls the listener with the preload's own messages; other frames and origins are not heard. Returns its end. */
function onDesktopMessage(type: string, listener: (ports: readonly MessagePort[]) => void): () => void {
  const heard = (event: MessageEvent<unknown>): void => {
    const data = event.data as { readonly type?: unknown } | null;
    if (event.source === window && event.origin === location.origin && data?.type === type)
      listener(event.ports);
  };
  addEventListener('message', heard);
  return () => removeEventListener('message', heard);
}

function openDesktopChannel(api: DesktopApi): Promise<Channel> {
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => {
      end();
      reject(new Error('the core does not answer'));
    }, PORT_WITHIN_MS);
    const end = onDesktopMessage(DESKTOP_PORT, ([port]) => {
      if (!port) return;
      clearTimeout(late);
      end();
      resolve(
        portChannel(port, (closed) => {
          const endLost = onDesktopMessage(DESKTOP_PORT_LOST, () => {
            endLost();
            closed();
          });
        }),
      );
    });
    api.requestPort();
  });
}

/** The bench of this page: the app's own core where there is one, else what served the page or what the app is attached to. */
export function openChannel(): Promise<Channel> {
  if (desktop && desktop.attachedTo === null) return openDesktopChannel(desktop);
  return openWebSocketChannel(
    desktop?.attachedTo ?? `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/bench`,
  );
}
