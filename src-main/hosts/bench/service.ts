import { statfsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { BugError, fail, ok, type Result } from '../../base/errors.ts';
import type { About } from '../../contract/bench/about.ts';
import { benchMethods, topics, type MethodName, type TopicName } from '../../contract/bench/methods.ts';
import type { Core } from '../../core.ts';
import type { PdfPrinter } from '../../core/chromium.ts';
import { Activities } from './activities.ts';
import type { Answer, BenchContext, Handlers, TopicHandlers } from './handlers.ts';
import { hardwareHandlers } from './hardware.ts';
import { modelCheckHandlers } from './model-check.ts';
import { BenchModels } from './models.ts';
import { PassingFiles } from './passing-files.ts';
import { graphHandlers } from './graphs.ts';
import { predictorHandlers } from './predictor.ts';
import { reportHandlers } from './reports.ts';
import { resultHandlers } from './results.ts';
import { runHandlers } from './runs.ts';
import { sampleHandlers } from './samples.ts';
import { settingsHandlers } from './settings.ts';
import { streamHandlers } from './streams.ts';
import { traceHandlers } from './traces.ts';

export interface BenchServiceOptions {
  readonly host: About['host'];
  /** Folder of the models that come with the product. */
  readonly modelsDir: string;
  readonly version: string;
  readonly nowIso?: () => string;
  /** The desktop's own way to make a PDF; absent: a browser of this computer. */
  readonly printPdf?: PdfPrinter;
}

/**
 * Everything a page can ask of a core, whatever carries it. Inputs are parsed here and nowhere after; a method, topic or
 * input that is not of the contract gives `bench.no-method`, `bench.bad-input`.
 */
export class BenchService implements AsyncDisposable {
  readonly activities: Activities;
  readonly models: BenchModels;
  readonly #files: PassingFiles;
  readonly #handlers: Handlers;
  readonly #topics: TopicHandlers;

  constructor(core: Core, options: BenchServiceOptions) {
    this.activities = new Activities(options.nowIso ?? (() => new Date().toISOString()));
    this.models = new BenchModels(options.modelsDir, join(dirname(core.store.path), 'models'));
    this.#files = new PassingFiles(join(dirname(core.store.path), 'passing'));
    const context: BenchContext = {
      core,
      activities: this.activities,
      models: this.models,
      files: this.#files,
      host: options.host,
      ...(options.printPdf ? { printPdf: options.printPdf } : {}),
    };
    this.#handlers = {
      'bench.about': () => ok(aboutOf(core, options)),
      'activities.list': () => ok(this.activities.list()),
      'activities.stop': ({ id }) => this.activities.stop(id),
      'models.list': () => ok(this.models.list()),
      'models.add': ({ name, bytes }) => this.models.add(name, bytes),
      ...graphHandlers(context),
      ...predictorHandlers(context),
      ...reportHandlers(context),
      ...resultHandlers(context),
      ...runHandlers(context),
      ...hardwareHandlers(context),
      ...modelCheckHandlers(context),
      ...sampleHandlers(),
      ...settingsHandlers(context),
      ...streamHandlers(context),
      ...traceHandlers(context),
    };
    this.#topics = {
      activities: (_input, tell) => ok(this.activities.watchList(tell)),
      activity: ({ id, afterSeq }, tell) => this.activities.watch(id, afterSeq, tell),
    };
  }

  async request(method: string, input: unknown): Promise<Result<unknown>> {
    if (!Object.hasOwn(benchMethods, method)) return noMethod(method);
    const name = method as MethodName;
    const parsed = benchMethods[name].input.safeParse(input);
    if (!parsed.success) return badInput(method, parsed.error.issues);
    // each handler takes what its own schema gives
    const handler = this.#handlers[name] as (input: unknown) => Answer<unknown>;
    try {
      return await handler(parsed.data);
    } catch (e) {
      return bug(method, e);
    }
  }

  subscribe(topic: string, input: unknown, tell: (event: unknown) => void): Result<Disposable> {
    if (!Object.hasOwn(topics, topic)) return noMethod(topic);
    const name = topic as TopicName;
    const parsed = topics[name].input.safeParse(input);
    if (!parsed.success) return badInput(topic, parsed.error.issues);
    const handler = this.#topics[name] as (
      input: unknown,
      tell: (event: unknown) => void,
    ) => Result<Disposable>;
    return handler(parsed.data, tell);
  }

  /** Stops what is going on and waits for it; the core is its owner's to close. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.activities[Symbol.asyncDispose]();
    this.#files[Symbol.dispose]();
  }
}

function aboutOf(core: Core, { host, version }: BenchServiceOptions): About {
  const runs = core.runs(1000);
  return {
    version,
    host,
    freeBytes: freeBytes(dirname(core.store.path)),
    interruptedRuns: runs.ok ? runs.value.filter((r) => r.status === 'interrupted').map((r) => r.runId) : [],
  };
}

function freeBytes(folder: string): number | null {
  try {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize;
  } catch {
    return null;
  }
}

function noMethod(method: string): Result<never> {
  return fail(
    'bench.no-method',
    { method: method.slice(0, 64) },
    'The page and the bench are of different versions.',
    'Load the page again.',
  );
}

function badInput(
  method: string,
  issues: readonly { readonly path: PropertyKey[]; readonly message: string }[],
): Result<never> {
  const first = issues[0];
  return fail(
    'bench.bad-input',
    { method, field: first?.path.map(String).join('.') ?? '', reason: first?.message.slice(0, 200) ?? '' },
    'A value is missing or out of range.',
    'Correct the field and try again.',
  );
}

function bug(method: string, e: unknown): Result<never> {
  const reason = e instanceof BugError || e instanceof Error ? (e.stack ?? e.message) : String(e);
  return fail(
    'bench.bug',
    { method, reason: reason.slice(0, 2000) },
    'This is a bug of Microjoule.',
    'Please report it with the diagnostics.',
  );
}
