import { statSync } from 'node:fs';
import type { Clock } from '../base/clock.ts';
import { fail, type Result } from '../base/errors.ts';
import { openAudioFile } from './audio-file.ts';
import { openColumnsFile } from './columns-source.ts';
import type { ColumnMapping } from './columns.ts';
import { openGenerator } from './generated-source.ts';
import { openMicrophone } from './microphone.ts';
import { openRecording } from './recording-source.ts';
import type { SampleFormat } from './sample-block.ts';
import { openSerialSource } from './serial-source.ts';
import type { StreamSource } from './source.ts';

export interface SourceRequest {
  /**
   * `FILE.wav`, `FILE.flac`, `FILE.csv`, a recording's folder, `mic`, `mic:DEVICE`, `gen:kws`, `gen:imu`,
   * `text:ADDRESS` or `frames:ADDRESS` of a board.
   */
  readonly spec: string;
  /** What the model wants. */
  readonly format: SampleFormat;
  readonly clock: Clock;
  /** For generators and live sources. */
  readonly durationS: number | null;
  readonly seed: number;
  readonly wakeWord?: string;
  readonly channel?: number | 'mix';
  /** Of columns: what is in which; guessed from header and contents where absent. */
  readonly mapping?: ColumnMapping;
  /** Rate of the samples where they do not say it. */
  readonly sampleRateHz?: number;
  readonly baud?: number;
}

const GENERATOR_S = 60;

/** Opens whatever the words after --source name. */
export async function openSource(request: SourceRequest): Promise<Result<StreamSource>> {
  const { spec, format, clock } = request;
  const scheme = /^(gen|text|frames|mic):?/.exec(spec);
  const rest = scheme ? spec.slice(scheme[0].length) : spec;
  if (spec === 'mic' || spec.startsWith('mic:'))
    return openMicrophone({ device: rest, sampleRateHz: format.sampleRateHz, clock });
  if (spec.startsWith('gen:'))
    return openGenerator(rest, {
      seed: request.seed,
      durationS: request.durationS ?? (request.wakeWord === undefined ? GENERATOR_S : null),
      sampleRateHz: format.sampleRateHz,
      ...(request.wakeWord === undefined ? {} : { wakeWord: request.wakeWord }),
    });
  if (spec.startsWith('text:') || spec.startsWith('frames:'))
    return openSerialSource({
      address: rest,
      kind: spec.startsWith('text:') ? 'text' : 'frames',
      format,
      clock,
      baud: request.baud ?? 115_200,
      ...(request.mapping ? { mapping: request.mapping } : {}),
    });
  return openPath(request);
}

async function openPath(request: SourceRequest): Promise<Result<StreamSource>> {
  const { spec, format, channel, mapping, sampleRateHz } = request;
  let isFolder: boolean;
  try {
    isFolder = statSync(spec).isDirectory();
  } catch (e) {
    return fail(
      'stream.cannot-read',
      { path: spec, code: (e as NodeJS.ErrnoException).code ?? '' },
      'There is no such file, and it is none of mic, gen:kws, gen:imu, text:PORT or frames:PORT.',
      'Check the words after --source.',
    );
  }
  if (isFolder) return openRecording(spec);
  if (/\.(csv|tsv|txt|dat)$/i.test(spec))
    return openColumnsFile(spec, {
      format,
      ...(mapping ? { mapping } : {}),
      ...(sampleRateHz === undefined ? {} : { sampleRateHz }),
    });
  return openAudioFile(spec, {
    sampleRateHz: format.sampleRateHz,
    ...(channel === undefined ? {} : { channel }),
  });
}
