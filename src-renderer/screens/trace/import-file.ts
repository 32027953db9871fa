import { fail, type Failure, type Result } from '../../../src-main/base/errors.ts';
import {
  MAX_IMPORT_BYTES,
  PIECE_BYTES,
  type ImportedTrace,
} from '../../../src-main/contract/bench/traces.ts';
import type { TraceBench } from '../../charts/trace/trace-session.svelte.ts';

/** What a dropped file must end in. */
export const IMPORT_EXTENSIONS: readonly string[] = ['.mjtrace', '.ppk2', '.jls', '.csv', '.bin'];

export function isTraceFileName(name: string): boolean {
  return IMPORT_EXTENSIONS.some((e) => name.toLowerCase().endsWith(e));
}

/** Hands a file over piece by piece. `told`: share that has arrived. What was begun is taken back when it fails. */
export async function importFile(
  bench: TraceBench,
  file: File,
  told: (share: number) => void,
  signal?: AbortSignal,
): Promise<Result<ImportedTrace>> {
  const refused = refuse(file);
  if (refused) return refused;
  const begun = await bench.request('traces.importBegin', { name: file.name, sizeBytes: file.size });
  if (!begun.ok) return begun;
  const { token } = begun.value;
  const giveUp = async (failure: Failure): Promise<Failure> => {
    await bench.request('traces.discard', { token });
    return failure;
  };
  for (let offset = 0; offset < file.size;) {
    if (signal?.aborted) return giveUp(stopped(file.name));
    const bytes = new Uint8Array(await file.slice(offset, offset + PIECE_BYTES).arrayBuffer());
    const sent = await bench.request('traces.importPiece', { token, offset, bytes });
    if (!sent.ok) return giveUp(sent);
    offset = sent.value.received;
    told(offset / file.size);
  }
  return bench.request('traces.importFinish', { token });
}

function refuse(file: File): Failure | null {
  if (!isTraceFileName(file.name))
    return fail(
      'trace.import-name',
      { file: file.name },
      'This is no kind of trace file that can be read.',
      'Drop a .mjtrace, .ppk2, .jls or .csv file.',
    );
  if (file.size === 0)
    return fail(
      'trace.import-empty',
      { file: file.name },
      'The file is empty.',
      'Drop the file that was recorded.',
    );
  if (file.size > MAX_IMPORT_BYTES)
    return fail(
      'bench.import-too-large',
      { sizeBytes: file.size, mostBytes: MAX_IMPORT_BYTES },
      'The file is larger than a page may hand over.',
      'Import it with `microjoule trace import FILE`.',
    );
  return null;
}

function stopped(name: string): Failure {
  return fail('trace.interrupted', { file: name }, 'It was stopped.', 'Drop the file again.');
}
