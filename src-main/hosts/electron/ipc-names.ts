/** Names of what passes between preload and main process. */
export const ipc = {
  port: 'microjoule:port',
  portLost: 'microjoule:port-lost',
  openFile: 'microjoule:open-file',
  command: 'microjoule:command',
  opened: 'microjoule:opened',
} as const;

/** Command-line word by which main tells the preload that the window is attached. */
export const ATTACHED_TO = '--microjoule-attached-to=';
