import type { RunChoice } from './runs.ts';
import type { StreamChoice } from './streams.ts';

/** One word of a POSIX shell, whatever is in it. */
export function shellWord(text: string): string {
  return /^[\w./:@%+=,-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

type Given = string | number | null | undefined;

const option = (name: string, value: Given, unless?: Given): string =>
  value === undefined || value === null || value === unless ? '' : ` --${name} ${shellWord(String(value))}`;

/** The command that measures the same; options at their default are left out. */
export function runCommandLine(request: RunChoice | null, model: string): string {
  const file = shellWord(`${model}.tflite`);
  if (!request) return `microjoule run ${file}`;
  const { mode, targetId, windows, windowS, warmUp, supplyV, maxItems, untilRel, withData, wiring } = request;
  const items = mode === 'accuracy';
  return (
    `microjoule run ${file} --target ${targetId}` +
    option('mode', mode, 'performance') +
    (withData ? option('data', `${model}-samples`) : '') +
    (items
      ? option('items', maxItems)
      : option('windows', windows, untilRel ? 50 : 5) +
        option('window-s', windowS, 10) +
        option('until', untilRel ? Number((untilRel * 100).toPrecision(6)) : null) +
        option('inferences', request.inferences) +
        (mode === 'performance' ? option('warm-up', warmUp, 5) : option('supply', supplyV, 3.3))) +
    option('kernels', request.kernels, 'fast') +
    option('seed', request.seed, 1) +
    option('port', wiring?.port) +
    option('monitor', wiring?.monitor)
  );
}

export function demoCommandLine(windows: number, windowS: number, items: number): string {
  return `microjoule demo${option('windows', windows, 5)}${option('window-s', windowS, 10)}${option('items', items, 100)}`;
}

function sourceOf(source: StreamChoice['source'], file: string): string {
  switch (source.kind) {
    case 'generator':
      return `gen:${source.name}`;
    case 'microphone':
      return source.device ? `mic:${source.device}` : 'mic';
    case 'file':
      return file;
    case 'board':
      return `${source.protocol}:${source.port}`;
    case 'recording':
      return `RECORDING-OF-STREAM-${source.streamId}`;
  }
}

/** The command that streams the same; `file` is what the user called the file that is streamed. */
export function streamCommandLine(choice: StreamChoice, model: string, file = 'FILE'): string {
  const { source, targetId, energy, wiring } = choice;
  const monitor = energy ? ` --monitor${wiring?.monitor ? ` ${shellWord(wiring.monitor)}` : ''}` : '';
  return (
    `microjoule stream ${shellWord(`${model}.tflite`)}` +
    option('source', sourceOf(source, file)) +
    (source.kind === 'generator' ? option('word', source.word) : '') +
    (source.kind === 'board' ? option('source-baud', source.baud) : '') +
    option('for', typeof choice.durationS === 'number' ? `${choice.durationS}s` : null) +
    ` --target ${targetId}` +
    option('port', wiring?.port) +
    option('baud', choice.baud, 921_600) +
    option('front-end', choice.frontEnd, 'auto') +
    option('hop', choice.hopMs) +
    option('threshold', choice.threshold, 0.6) +
    option('smoothing', choice.smoothingWindows, 1) +
    option('refractory', choice.refractoryMs, 1000) +
    option('seed', choice.seed, 1) +
    monitor +
    (energy ? option('supply', choice.supplyV, 3.3) : '') +
    ((choice.keep ?? true) && source.kind !== 'recording' ? ' --record DIR' : '')
  );
}
