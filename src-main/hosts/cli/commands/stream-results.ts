import { writeFileSync } from 'node:fs';
import { fail } from '../../../base/errors.ts';
import type { StreamResult } from '../../../contract/index.ts';
import { streamHtml, streamJson, streamMarkdown } from '../../../report/stream-report.ts';
import type { CommandContext } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import { openCoreToRead } from '../open-core.ts';
import { table } from '../output.ts';
import { streamText } from '../stream-view.ts';

export async function list({ output, db }: CommandContext): Promise<number> {
  const opened = await openCoreToRead(db);
  if (!opened.ok) return output.fail(opened);
  await using core = opened.value;
  const streams = core.store.streams.list();
  if (!streams.ok) return output.fail(streams);
  output.result(streams.value, () =>
    streams.value.length === 0
      ? `No stream runs in ${core.store.path}. Begin with: microjoule stream MODEL --source gen:kws`
      : table(
          [
            'stream',
            'started',
            'model',
            'target',
            'source of samples',
            'status',
            's',
            'windows',
            'detections',
            'lost',
            'ms',
            'source',
          ],
          streams.value.map((r) => [
            String(r.streamId),
            r.startedAt.slice(0, 16).replace('T', ' '),
            r.modelName,
            r.targetId,
            r.sampleSource,
            r.status,
            (r.durationUs / 1e6).toFixed(1),
            String(r.windows),
            String(r.detections),
            String(r.lostSamples),
            r.latencyMedianUs === null ? '' : (r.latencyMedianUs / 1000).toFixed(0),
            r.source,
          ]),
          [0, 6, 7, 8, 9, 10],
        ),
  );
  return exitCodes.done;
}

export async function show(id: number, { output, db }: CommandContext): Promise<number> {
  const opened = await openCoreToRead(db);
  if (!opened.ok) return output.fail(opened);
  await using core = opened.value;
  const found = core.store.streams.result(id);
  if (!found.ok) return output.fail(found);
  output.result(found.value, () => streamText(found.value));
  return exitCodes.done;
}

export async function report(
  id: number,
  o: { readonly html?: string; readonly md?: string; readonly jsonFile?: string },
  { output, db }: CommandContext,
): Promise<number> {
  const opened = await openCoreToRead(db);
  if (!opened.ok) return output.fail(opened);
  await using core = opened.value;
  const found = core.store.streams.result(id);
  if (!found.ok) return output.fail(found);
  const files: [string | undefined, (r: StreamResult) => string][] = [
    [o.html, streamHtml],
    [o.md, streamMarkdown],
    [o.jsonFile, streamJson],
  ];
  const written: string[] = [];
  for (const [path, render] of files) {
    if (path === undefined) continue;
    try {
      writeFileSync(path, render(found.value));
    } catch (e) {
      return output.fail(
        fail(
          'cli.cannot-write',
          { path, code: (e as NodeJS.ErrnoException).code ?? '' },
          'The file cannot be written.',
          'Check folder and permissions.',
        ),
      );
    }
    written.push(path);
  }
  output.result({ stream: id, written }, () =>
    written.length ? `stream ${id} → ${written.join(', ')}` : streamMarkdown(found.value),
  );
  return exitCodes.done;
}
