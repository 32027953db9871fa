/** What a key does in the trace. The same list is the shortcuts sheet. */
export type TraceCommand =
  | 'zoom-in'
  | 'zoom-out'
  | 'left'
  | 'right'
  | 'start'
  | 'end'
  | 'fit'
  | 'marker'
  | 'clear-markers'
  | 'cursor-left'
  | 'cursor-right'
  | 'marker-a-left'
  | 'marker-a-right'
  | 'marker-b-left'
  | 'marker-b-right'
  | 'previous-inference'
  | 'next-inference'
  | 'zoom-inference'
  | 'zoom-selection'
  | 'annotate'
  | 'undo'
  | 'follow'
  | 'log'
  | 'table'
  | 'next-trigger'
  | 'open-operator';

interface Shortcut {
  readonly command: TraceCommand;
  readonly keys: readonly string[];
  readonly says: string;
}

export const traceShortcuts: readonly Shortcut[] = [
  { command: 'zoom-in', keys: ['w', '+', '='], says: 'Zoom in at the cursor' },
  { command: 'zoom-out', keys: ['s', '-'], says: 'Zoom out' },
  { command: 'left', keys: ['a'], says: 'Move to the left' },
  { command: 'right', keys: ['d'], says: 'Move to the right' },
  {
    command: 'cursor-left',
    keys: ['ArrowLeft', 'Shift+ArrowLeft'],
    says: 'Cursor to the left (Shift: ten times)',
  },
  { command: 'cursor-right', keys: ['ArrowRight', 'Shift+ArrowRight'], says: 'Cursor to the right' },
  { command: 'zoom-in', keys: ['ArrowUp'], says: 'Zoom in' },
  { command: 'zoom-out', keys: ['ArrowDown'], says: 'Zoom out' },
  { command: 'start', keys: ['Home'], says: 'To the beginning' },
  { command: 'end', keys: ['End'], says: 'To the end; follows a recording' },
  { command: 'fit', keys: ['f'], says: 'The whole trace' },
  { command: 'marker', keys: ['m'], says: 'Place a marker at the cursor' },
  { command: 'clear-markers', keys: ['Escape'], says: 'Remove the markers' },
  { command: 'marker-a-left', keys: ['Alt+ArrowLeft', 'Alt+Shift+ArrowLeft'], says: 'Marker A to the left' },
  {
    command: 'marker-a-right',
    keys: ['Alt+ArrowRight', 'Alt+Shift+ArrowRight'],
    says: 'Marker A to the right',
  },
  {
    command: 'marker-b-left',
    keys: ['Ctrl+ArrowLeft', 'Ctrl+Shift+ArrowLeft'],
    says: 'Marker B to the left',
  },
  {
    command: 'marker-b-right',
    keys: ['Ctrl+ArrowRight', 'Ctrl+Shift+ArrowRight'],
    says: 'Marker B to the right',
  },
  { command: 'previous-inference', keys: ['['], says: 'The inference before' },
  { command: 'next-inference', keys: [']'], says: 'The next inference' },
  { command: 'zoom-inference', keys: ['Enter'], says: 'Zoom to the inference under the cursor' },
  { command: 'open-operator', keys: ['o'], says: 'The operator under the cursor in the graph' },
  { command: 'zoom-selection', keys: ['z'], says: 'Zoom to the selection' },
  { command: 'annotate', keys: ['n'], says: 'Note on the selection' },
  { command: 'undo', keys: ['Ctrl+z'], says: 'Undo the last note' },
  { command: 'follow', keys: [' '], says: 'Follow the recording, or hold it' },
  { command: 'log', keys: ['l'], says: 'Linear, fitted, logarithmic' },
  { command: 'table', keys: ['t'], says: 'Table of the selection' },
  { command: 'next-trigger', keys: ['g'], says: 'To the next trigger' },
];

const byKey = new Map(traceShortcuts.flatMap(({ command, keys }) => keys.map((k) => [k, command] as const)));

/** null for a key that is not the trace's. */
export function commandFor(event: {
  readonly key: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
  readonly shiftKey: boolean;
}): TraceCommand | null {
  const { key } = event;
  const named = key.length > 1;
  const ctrl = event.ctrlKey || event.metaKey ? 'Ctrl+' : '';
  const alt = event.altKey ? 'Alt+' : '';
  const shift = event.shiftKey && named ? 'Shift+' : '';
  const plain = named ? key : key.toLowerCase();
  // brackets need AltGr on many keyboards, which counts as Ctrl+Alt
  if (plain === '[' || plain === ']') return byKey.get(plain) ?? null;
  return byKey.get(`${ctrl}${alt}${shift}${plain}`) ?? null;
}
