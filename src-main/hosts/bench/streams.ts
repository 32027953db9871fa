import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, extname, join } from 'node:path';
import { fail, ok, type Result } from '../../base/errors.ts';
import type { StreamFile, streamMethods, StreamSourceChoice } from '../../contract/bench/streams.ts';
import { streamCommandLine } from '../../contract/bench/command-lines.ts';
import type { ParsedInput } from '../../contract/bench/methods.ts';
import type { StreamSignal } from '../../contract/bench/stream-signal.ts';
import type { Core } from '../../core.ts';
import { streamHtml, streamJson, streamMarkdown } from '../../report/stream-report.ts';
import { openRecording } from '../../stream/recording-source.ts';
import { SignalView } from '../../stream/signal-view.ts';
import type { BenchContext, Handlers } from './handlers.ts';
import { wiringOf } from './runs.ts';

const formats = {
  html: ['text/html', streamHtml],
  md: ['text/markdown', streamMarkdown],
  json: ['application/json', streamJson],
} as const;

export function streamHandlers(bench: BenchContext): Pick<Handlers, keyof typeof streamMethods> {
  const { core } = bench;
  const { streams } = core.store;
  return {
    'streams.list': () => streams.list(),
    'streams.get': ({ streamId }) => streams.result(streamId),
    'streams.windows': ({ streamId }) => streams.windows(streamId),
    'streams.signal': ({ streamId, columns }) => signalOf(core, streamId, columns),
    'streams.addFile': ({ name, bytes }) => addFile(filesDir(core), name, bytes),
    'streams.start': (choice) => start(bench, choice),
    'streams.report': ({ streamId, format }) => {
      const found = streams.result(streamId);
      if (!found.ok) return found;
      const [mediaType, render] = formats[format];
      return ok({ name: `stream-${streamId}.${format}`, mediaType, text: render(found.value) });
    },
  };
}

const filesDir = (core: Core): string => join(dirname(core.store.path), 'stream-files');

function start(
  bench: BenchContext,
  choice: ParsedInput<'streams.start'>,
): ReturnType<Handlers['streams.start']> {
  const { core, models, activities } = bench;
  const known = models.find(choice.model);
  if (!known.ok) return known;
  const spec = specOf(core, choice.source);
  if (!spec.ok) return spec;
  const { name, path } = known.value;
  const { source, targetId, energy, keep, wiring, model: _model, ...settings } = choice;
  const record = keep && source.kind !== 'recording';
  const request = {
    ...settings,
    modelPath: path,
    targetId,
    source: spec.value,
    recordDir: record ? join(dirname(core.store.path), 'recordings', crypto.randomUUID()) : null,
    truthPath: null,
    monitor: energy,
    ...(source.kind === 'generator' && source.word !== undefined ? { wakeWord: source.word } : {}),
    ...(source.kind === 'board' && source.baud !== undefined ? { sourceBaud: source.baud } : {}),
  };
  return ok(
    activities.start({
      kind: 'stream',
      title: `${sourceName(source)} into ${name} on ${targetId}`,
      cli: streamCommandLine(choice, name, basename(spec.value).replace(/^[0-9a-f]{16}-/, '')),
      work: (c) =>
        core.stream(request, wiringOf(wiring), {
          signal: c.signal,
          onEvent: (event) => {
            if (event.type === 'started') c.made({ streamId: event.streamId });
            c.emit({ type: 'stream', event });
          },
          onSignal: (signal) => c.emit({ type: 'signal', signal }),
        }),
    }),
  );
}

function sourceName(source: StreamSourceChoice): string {
  switch (source.kind) {
    case 'generator':
      return `gen:${source.name}`;
    case 'microphone':
      return 'Microphone';
    case 'file':
      return 'File';
    case 'board':
      return source.port;
    case 'recording':
      return `Recording of stream ${source.streamId}`;
  }
}

/** What `--source` would say. */
function specOf(core: Core, source: StreamSourceChoice): Result<string> {
  switch (source.kind) {
    case 'generator':
      return ok(`gen:${source.name}`);
    case 'microphone':
      return ok(source.device ? `mic:${source.device}` : 'mic');
    case 'board':
      return ok(`${source.protocol}:${source.port}`);
    case 'recording':
      return recordingOf(core, source.streamId);
    case 'file': {
      const dir = filesDir(core);
      const name = filesIn(dir).find((f) => f.startsWith(`${source.token}-`));
      return name
        ? ok(join(dir, name))
        : fail(
            'bench.no-file',
            { token: source.token },
            'The bench does not have this file.',
            'Open it again.',
          );
    }
  }
}

function recordingOf(core: Core, streamId: number): Result<string> {
  const found = core.store.streams.result(streamId);
  if (!found.ok) return found;
  const { recording } = found.value;
  return recording === null
    ? fail(
        'bench.no-recording',
        { streamId },
        'The samples of this stream were not kept.',
        'Stream again with "Keep the samples".',
      )
    : ok(recording);
}

async function signalOf(core: Core, streamId: number, columns: number): Promise<Result<StreamSignal>> {
  const dir = recordingOf(core, streamId);
  if (!dir.ok) return dir;
  const opened = openRecording(dir.value);
  if (!opened.ok) return opened;
  await using source = opened.value;
  const perColumn = Math.max(1, Math.ceil((source.frameCount ?? 0) / columns));
  const view = new SignalView(source.format, perColumn, true);
  for (;;) {
    const block = await source.next();
    if (!block.ok) return block;
    if (block.value === null) break;
    view.push(block.value);
  }
  const signal = view.take();
  return signal
    ? ok(signal)
    : fail('bench.no-recording', { streamId }, 'The recording holds no samples.', 'Stream again.');
}

function filesIn(dir: string): string[] {
  try {
    return readdirSync(dir);
  } catch {
    return [];
  }
}

function addFile(dir: string, name: string, bytes: Uint8Array): Result<StreamFile> {
  const token = createHash('sha256').update(bytes).digest('hex').slice(0, 16);
  const plain = basename(name, extname(name))
    .replace(/[^\w.-]+/g, '-')
    .slice(0, 80);
  const path = join(dir, `${token}-${plain}${extname(name).toLowerCase()}`);
  try {
    mkdirSync(dir, { recursive: true });
    writeFileSync(path, bytes);
  } catch (e) {
    return fail(
      'bench.cannot-keep-file',
      { path, code: (e as NodeJS.ErrnoException).code ?? '' },
      'The file cannot be kept with the files of the bench.',
      'Check free space and permissions of that folder.',
    );
  }
  return ok({ token, name, fileBytes: bytes.length });
}
