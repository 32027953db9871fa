import type { FailureDto } from '../../contract/failure.ts';
import type { Opened } from '../../contract/bench/desktop.ts';

/** From the main process to the core's. A `page` comes with the page's port. */
export type ToCore =
  | { readonly type: 'page' }
  | { readonly type: 'open-file'; readonly id: number; readonly path: string }
  | { readonly type: 'report'; readonly id: number; readonly run: string }
  | {
      readonly type: 'printed';
      readonly id: number;
      readonly pdf: Uint8Array | null;
      readonly reason: string;
    }
  /** Ends what goes on, closes devices and database, then exits. */
  | { readonly type: 'stop' };

/** From the core's process to the main one. */
export type FromCore =
  | { readonly type: 'ready' }
  | { readonly type: 'failed'; readonly failure: FailureDto }
  /** What goes on now: titles of runs, recordings, streams. */
  | { readonly type: 'active'; readonly titles: readonly string[] }
  /** Asks for a PDF of a page; answered by `printed`. */
  | { readonly type: 'print'; readonly id: number; readonly html: string }
  | { readonly type: 'opened'; readonly id: number; readonly opened: Opened }
  | {
      readonly type: 'report';
      readonly id: number;
      readonly html: string | null;
      readonly failure: FailureDto | null;
    };
