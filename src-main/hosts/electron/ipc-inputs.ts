import { z } from 'zod';
import { ipc } from './ipc-names.ts';

/** What a page may send with each; anything else is not heard. */
export const ipcInputs = {
  [ipc.port]: z.tuple([]),
  [ipc.openFile]: z.tuple([]),
} as const;
