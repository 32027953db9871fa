import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fail, ok, type Result } from '../base/errors.ts';
import type { Core } from '../core.ts';
import { productVersion } from '../core/product.ts';
import { reportInput } from '../core/report-input.ts';
import { reportHtml } from '../report/html.ts';
import { buildReport } from '../report/report-model.ts';
import { serveConnection } from './bench/connection.ts';
import { BenchService } from './bench/service.ts';
import { withNotes } from './cli/run-notes.ts';
import { serveBench, type WebHost } from './web/server.ts';

const repository = join(import.meta.dirname, '../..');
const rendererDir = join(repository, 'dist/renderer');

/** Builds the renderer when it is not there yet: a few seconds, once. */
async function ensureRenderer(note: (line: string) => void): Promise<Result<void>> {
  if (existsSync(join(rendererDir, 'index.html'))) return ok();
  note('building the page (once) …');
  try {
    const { build } = await import('vite');
    await build({
      configFile: join(repository, 'vite.renderer.config.ts'),
      root: join(repository, 'src-renderer'),
      logLevel: 'error',
    });
    return ok();
  } catch (e) {
    return fail(
      'host.no-renderer',
      { reason: e instanceof Error ? e.message : String(e) },
      'The page could not be built.',
      'Run `npm ci` with development packages, then retry.',
    );
  }
}

/** The bench's page over the core. */
export async function serveCore(
  core: Core,
  options: { readonly listen?: string; readonly port?: number },
  note: (line: string) => void,
): Promise<Result<WebHost>> {
  const built = await ensureRenderer(note);
  if (!built.ok) return built;
  const service = new BenchService(core, {
    host: 'web',
    modelsDir: join(repository, 'models'),
    version: productVersion(),
  });
  const host = await serveBench({
    ...options,
    rendererDir,
    bench: {
      connect: (channel) => serveConnection(service, channel),
      async reportHtml(id) {
        const run = core.result(Number(id));
        return run.ok
          ? ok(reportHtml(buildReport(reportInput([withNotes(core, run.value)], core.store))))
          : run;
      },
    },
  });
  if (!host.ok) return host;
  const { origin, url } = host.value;
  return ok({
    origin,
    url,
    async [Symbol.asyncDispose]() {
      await host.value[Symbol.asyncDispose]();
      await service[Symbol.asyncDispose]();
    },
  });
}
