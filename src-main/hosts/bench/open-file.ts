import { readFileSync } from 'node:fs';
import { basename, extname } from 'node:path';
import { fail, type Failure } from '../../base/errors.ts';
import type { Opened } from '../../contract/bench/desktop.ts';
import type { Core } from '../../core.ts';
import { failureDto } from '../../core/trace-views.ts';
import type { BenchModels } from './models.ts';

const failed = (failure: Failure): Opened => ({ kind: 'failure', failure: failureDto(failure) });

/** Takes a file that the user opened outside the page into the bench; by its extension a model, else a trace. */
export async function openFile(path: string, core: Core, models: BenchModels): Promise<Opened> {
  if (extname(path).toLowerCase() === '.tflite') return openModel(path, models);
  const imported = await core.importTrace({ file: path, overwrite: false });
  return imported.ok ? { kind: 'trace', trace: imported.value.trace.id } : failed(imported);
}

function openModel(path: string, models: BenchModels): Opened {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(path);
  } catch (e) {
    return failed(
      fail(
        'bench.cannot-open-file',
        { path, code: (e as NodeJS.ErrnoException).code ?? '' },
        'The file is not there or may not be read.',
        'Check the file and its permissions, then open it again.',
      ),
    );
  }
  const added = models.add(basename(path), bytes);
  return added.ok ? { kind: 'model', model: added.value } : failed(added);
}
