/** What a DUT says, one line of the th- dialect at a time (the forms are those of the MLPerf Tiny API and its published logs). */
export type DutMessage =
  | { readonly kind: 'timestamp-mode'; readonly mode: DutMode }
  | { readonly kind: 'init-done' }
  | { readonly kind: 'ready' }
  | { readonly kind: 'lap'; readonly counterUs: number }
  | { readonly kind: 'name'; readonly vendor: string }
  | { readonly kind: 'profile'; readonly profile: string }
  | { readonly kind: 'model'; readonly model: string }
  | { readonly kind: 'expecting'; readonly bytes: number }
  | { readonly kind: 'load-done' }
  | { readonly kind: 'buffer'; readonly bytes: Uint8Array }
  | { readonly kind: 'warmup-start'; readonly count: number }
  | { readonly kind: 'warmup-done' }
  | { readonly kind: 'infer-start'; readonly count: number }
  | { readonly kind: 'infer-done' }
  /** `values` is null when the line was damaged. */
  | { readonly kind: 'results'; readonly values: readonly number[] | null }
  | { readonly kind: 'mj'; readonly word: string; readonly body: string | null }
  | { readonly kind: 'passthrough'; readonly command: string }
  | { readonly kind: 'error'; readonly text: string }
  | { readonly kind: 'noise'; readonly text: string };

export type DutMode = 'performance' | 'energy';
export type MessageKind = DutMessage['kind'];

// ESC [ … letter, and the two-character escapes
// eslint-disable-next-line no-control-regex
const ANSI = /\x1b(?:\[[0-9;?]*[ -/]*[@-~]|[@-Z\\-_])/g;
// eslint-disable-next-line no-control-regex
const CONTROL = /[\x00-\x08\x0b-\x1f\x7f]/g;

/** Without ANSI sequences, NULs, carriage returns and other control characters, trimmed. */
export function cleanLine(line: string): string {
  return line.replace(ANSI, '').replace(CONTROL, '').trim();
}

/**
 * Where a message may begin inside a line. DUTs echo (`timestampm-lap-us-5`), print debug text without a
 * line end (`th_load_tensor starting at 0m-warmup-start-1`) and lose bytes between two lines.
 */
const START =
  /m-(?:timestamp-mode-|lap-us-|init-done|ready|name-dut-\[|profile-\[|model-\[|\[Expecting |load-done|buffer-|warmup-start-|warmup-done|infer-start-|infer-done|results-\[|mj-|dut-passthrough\()|e-\[|Supplied buffer size \d/g;

/** The messages of one cleaned line, in order; text around them is `noise`. An empty line gives nothing. */
export function parseLine(line: string): DutMessage[] {
  const messages: DutMessage[] = [];
  let at = 0;
  while (at < line.length) {
    START.lastIndex = at;
    const start = START.exec(line);
    if (!start) {
      messages.push({ kind: 'noise', text: line.slice(at) });
      break;
    }
    if (start.index > at) messages.push({ kind: 'noise', text: line.slice(at, start.index) });
    const { message, end } = parseAt(line, start.index);
    messages.push(message);
    at = end;
  }
  return messages;
}

type Reader = (match: RegExpExecArray) => DutMessage;

const READERS: readonly (readonly [RegExp, Reader])[] = [
  [/m-timestamp-mode-(performance|energy)/y, (m) => ({ kind: 'timestamp-mode', mode: m[1] as DutMode })],
  [/m-lap-us-(\d{1,10})(?!\d)/y, (m) => ({ kind: 'lap', counterUs: Number(m[1]) >>> 0 })],
  [/m-init-done/y, () => ({ kind: 'init-done' })],
  [/m-ready/y, () => ({ kind: 'ready' })],
  [/m-name-dut-\[([^\]]*)\]/y, (m) => ({ kind: 'name', vendor: m[1]! })],
  [/m-profile-\[([^\]]*)\]/y, (m) => ({ kind: 'profile', profile: m[1]! })],
  [/m-model-\[([^\]]*)\]/y, (m) => ({ kind: 'model', model: m[1]! })],
  [/m-\[Expecting (\d{1,9}) bytes\]/y, (m) => ({ kind: 'expecting', bytes: Number(m[1]) })],
  [/m-load-done/y, () => ({ kind: 'load-done' })],
  [
    /m-buffer-((?:[0-9a-fA-F]{2})(?:-[0-9a-fA-F]{2})*)/y,
    (m) => ({ kind: 'buffer', bytes: dashedHex(m[1]!) }),
  ],
  [/m-warmup-start-(\d{1,9})/y, (m) => ({ kind: 'warmup-start', count: Number(m[1]) })],
  [/m-warmup-done/y, () => ({ kind: 'warmup-done' })],
  [/m-infer-start-(\d{1,9})/y, (m) => ({ kind: 'infer-start', count: Number(m[1]) })],
  [/m-infer-done/y, () => ({ kind: 'infer-done' })],
  [/m-results-\[([^\]]*)\]/y, (m) => ({ kind: 'results', values: resultValues(m[1]!) })],
  [/m-mj-([a-z]+(?:-[a-z]+)*)(?:-\[([^\]]*)\])?/y, (m) => ({ kind: 'mj', word: m[1]!, body: m[2] ?? null })],
  [/m-dut-passthrough\(([^)]*)\)/y, (m) => ({ kind: 'passthrough', command: m[1]! })],
  // The text may itself hold brackets: it ends with the line's last one.
  [/e-\[(.*)\]/y, (m) => ({ kind: 'error', text: m[1]! })],
  [/e-\[(.*)$/y, (m) => ({ kind: 'error', text: m[1]! })],
  [/Supplied buffer size \d+ exceeds maximum of \d+/y, (m) => ({ kind: 'error', text: m[0] })],
];

function parseAt(line: string, index: number): { message: DutMessage; end: number } {
  for (const [pattern, read] of READERS) {
    pattern.lastIndex = index;
    const match = pattern.exec(line);
    if (match) return { message: read(match), end: index + match[0].length };
  }
  // A known beginning with a damaged rest: a results line without its end is worth telling from noise.
  const rest = line.slice(index);
  const message: DutMessage = rest.startsWith('m-results-[')
    ? { kind: 'results', values: null }
    : { kind: 'noise', text: rest };
  return { message, end: line.length };
}

function dashedHex(text: string): Uint8Array {
  return Uint8Array.from(text.split('-'), (pair) => parseInt(pair, 16));
}

/** Numbers separated by commas, leniently spaced; null when one is no finite number. A trailing comma is allowed. */
function resultValues(text: string): number[] | null {
  const parts = text.split(',').map((p) => p.trim());
  if (parts.at(-1) === '') parts.pop();
  if (parts.length === 0) return null;
  const values = parts.map((p) => (/^[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?$/.test(p) ? Number(p) : NaN));
  return values.every(Number.isFinite) ? values : null;
}

/** One message as text, for facts and logs. */
export function messageText(message: DutMessage): string {
  switch (message.kind) {
    case 'noise':
      return message.text;
    case 'error':
      return `e-[${message.text}]`;
    case 'mj':
      return `m-mj-${message.word}${message.body === null ? '' : `-[${message.body}]`}`;
    default:
      return message.kind;
  }
}
