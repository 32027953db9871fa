import { ok, type Result } from '../base/errors.ts';
import type { Core } from '../core.ts';
import { serveConnection } from './bench/connection.ts';
import { ensureRenderer, rendererDir } from './built.ts';
import { productBench, runReportHtml } from './product-bench.ts';
import { serveBench, type WebHost } from './web/server.ts';

/** The bench's page over the core. */
export async function serveCore(
  core: Core,
  options: { readonly listen?: string; readonly port?: number },
  note: (line: string) => void,
): Promise<Result<WebHost>> {
  const built = await ensureRenderer(note);
  if (!built.ok) return built;
  const service = productBench(core, 'web');
  const host = await serveBench({
    ...options,
    rendererDir,
    bench: {
      connect: (channel) => serveConnection(service, channel),
      reportHtml: (runId) => runReportHtml(core, runId),
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
