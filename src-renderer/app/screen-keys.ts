export interface KeyGroup {
  readonly title: string;
  readonly keys: readonly { readonly what: string; readonly keys: readonly string[] }[];
}

/** Keys that a screen handles itself, for the shortcuts sheet. */
export const screenKeys: readonly KeyGroup[] = [
  {
    title: 'Trace',
    keys: [
      { what: 'Zoom in, out', keys: ['W', 'S'] },
      { what: 'Pan left, right', keys: ['A', 'D'] },
      { what: 'Set a marker', keys: ['M'] },
      { what: 'Previous, next inference', keys: ['[', ']'] },
    ],
  },
  {
    title: 'Tables',
    keys: [
      { what: 'Row up, down', keys: ['↑', '↓'] },
      { what: 'First, last row', keys: ['Home', 'End'] },
      { what: 'Choose the row', keys: ['Enter'] },
      { what: 'Pin a run as baseline', keys: ['B'] },
    ],
  },
];
