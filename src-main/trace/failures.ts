import { fail, type Failure } from '../base/errors.ts';

export function noChunk(index: number): Failure {
  return fail(
    'trace.no-chunk',
    { chunk: index },
    'The trace does not reach so far, or was cut.',
    'Ask for a span inside the trace.',
  );
}

export function damaged(what: 'chunk' | 'summary', level: number, index: number): Failure {
  return fail(
    'trace.damaged',
    { what, level, index },
    'The stored bytes do not match their CRC-32C: the file was changed or the disk returned other bytes.',
    'Restore the file from a copy; spans that do not touch this part can still be read.',
  );
}
