import type { Result } from '../../../src-main/base/errors.ts';
import type { ReadyFile } from '../../../src-main/contract/bench/traces.ts';
import type { TraceBench } from '../../charts/trace/trace-session.svelte.ts';

/** Fetches a file that is ready and gives it to the browser's downloads. */
export async function fetchFile(
  bench: TraceBench,
  ready: ReadyFile,
  told: (share: number) => void,
): Promise<Result<Blob>> {
  const pieces: Uint8Array[] = [];
  for (let offset = 0; offset < ready.sizeBytes;) {
    const piece = await bench.request('traces.piece', { token: ready.token, offset });
    if (!piece.ok) return piece;
    if (piece.value.bytes.length === 0) break;
    pieces.push(piece.value.bytes);
    offset += piece.value.bytes.length;
    told(offset / ready.sizeBytes);
  }
  await bench.request('traces.discard', { token: ready.token });
  return { ok: true, value: new Blob(pieces as BlobPart[]) };
}

export function download(blob: Blob, name: string): void {
  const url = URL.createObjectURL(blob);
  const link = document.createElement('a');
  link.href = url;
  link.download = name.replace(/[\\/:*?"<>|]/g, '-');
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
