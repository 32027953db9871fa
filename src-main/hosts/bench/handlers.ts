import type { Result } from '../../base/errors.ts';
import type { About } from '../../contract/bench/about.ts';
import type {
  MethodName,
  MethodOutput,
  ParsedInput,
  ParsedTopicInput,
  TopicEvent,
  TopicName,
} from '../../contract/bench/methods.ts';
import type { PdfPrinter } from '../../core/chromium.ts';
import type { Core } from '../../core.ts';
import type { Activities } from './activities.ts';
import type { BenchModels } from './models.ts';
import type { PassingFiles } from './passing-files.ts';

export type Answer<T> = Result<T> | Promise<Result<T>>;

/** One handler a method, on parsed input. */
export type Handlers = {
  readonly [M in MethodName]: (input: ParsedInput<M>) => Answer<MethodOutput<M>>;
};

export type TopicHandlers = {
  readonly [T in TopicName]: (
    input: ParsedTopicInput<T>,
    tell: (event: TopicEvent<T>) => void,
  ) => Result<Disposable>;
};

/** What handlers are made over. */
export interface BenchContext {
  readonly core: Core;
  readonly activities: Activities;
  readonly models: BenchModels;
  readonly files: PassingFiles;
  readonly host: About['host'];
  /** The desktop's own; absent: a browser of this computer. */
  readonly printPdf?: PdfPrinter;
}
