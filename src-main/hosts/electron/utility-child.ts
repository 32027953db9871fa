import { utilityProcess, type MessagePortMain } from 'electron';
import type { FromCore } from './core-messages.ts';
import type { CoreChild } from './core-process.ts';

/** The core's process. `heard` gets what it prints: kept for a crash report, and passed on. */
export function forkCore(
  entry: string,
  db: string | null,
  heard: (text: string) => void,
): CoreChild<MessagePortMain> {
  const child = utilityProcess.fork(entry, [db ?? ''], { serviceName: 'Microjoule core', stdio: 'pipe' });
  const hear = (data: Buffer): void => {
    heard(data.toString());
    process.stderr.write(data);
  };
  child.stdout?.on('data', hear);
  child.stderr?.on('data', hear);
  return {
    postMessage: (message, ports) => child.postMessage(message, ports),
    onMessage: (listener) => void child.on('message', (message) => listener(message as FromCore)),
    onExit: (listener) => void child.once('exit', listener),
    kill: () => void child.kill(),
  };
}
