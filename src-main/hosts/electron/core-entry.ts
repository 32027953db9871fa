/** The core in a process of its own: Electron's `utilityProcess`. Pages talk to it over ports that main hands through. */
import { setFlagsFromString } from 'node:v8';
import type { MessagePortMain } from 'electron';
import { fail, ok, type Result } from '../../base/errors.ts';
import { createCore, type Core } from '../../core.ts';
import { failureDto } from '../../core/trace-views.ts';
import { serveConnection } from '../bench/connection.ts';
import { openFile } from '../bench/open-file.ts';
import { portChannel } from '../bench/port-channel.ts';
import type { BenchService } from '../bench/service.ts';
import { databasePath } from '../cli/open-core.ts';
import { productBench, runReportHtml } from '../product-bench.ts';
import type { FromCore, ToCore } from './core-messages.ts';

// V8 may abort while it frees the code of WASM functions that were tiered up (nodejs/node issue 64500)
setFlagsFromString('--no-wasm-code-gc');

const main = process.parentPort;
const tell = (message: FromCore): void => main.postMessage(message);

/** PDFs are made by the main process, which has the browser. */
class MainPrinter {
  readonly #waiting = new Map<number, (result: Result<Uint8Array>) => void>();
  #nextId = 1;

  print(html: string): Promise<Result<Uint8Array>> {
    return new Promise((resolve) => {
      const id = this.#nextId++;
      this.#waiting.set(id, resolve);
      tell({ type: 'print', id, html });
    });
  }

  printed(id: number, pdf: Uint8Array | null, reason: string): void {
    this.#waiting.get(id)?.(
      pdf
        ? ok(pdf)
        : fail(
            'desktop.cannot-print',
            { reason },
            'The page could not be printed.',
            'Save it as HTML instead.',
          ),
    );
    this.#waiting.delete(id);
  }
}

const printer = new MainPrinter();

async function report(core: Core, id: number, run: string): Promise<void> {
  const html = await runReportHtml(core, run);
  tell({
    type: 'report',
    id,
    html: html.ok ? html.value : null,
    failure: html.ok ? null : failureDto(html),
  });
}

async function stop(service: BenchService, core: Core): Promise<void> {
  await service[Symbol.asyncDispose]();
  await core[Symbol.asyncDispose]();
  process.exit(0);
}

function take(message: ToCore, ports: readonly MessagePortMain[], service: BenchService, core: Core): void {
  switch (message.type) {
    case 'page': {
      const messageOf = (event: unknown) => (event as { readonly data: unknown }).data;
      for (const port of ports) serveConnection(service, portChannel(port, { messageOf }));
      return;
    }
    case 'open-file':
      void openFile(message.path, core, service.models).then((opened) =>
        tell({ type: 'opened', id: message.id, opened }),
      );
      return;
    case 'report':
      void report(core, message.id, message.run);
      return;
    case 'printed':
      return printer.printed(message.id, message.pdf, message.reason);
    case 'stop':
      void stop(service, core);
  }
}

async function start(): Promise<void> {
  const created = await createCore({ dbPath: databasePath(process.argv[2] || null) });
  if (!created.ok) {
    tell({ type: 'failed', failure: failureDto(created) });
    return process.exit(1);
  }
  const core = created.value;
  const service = productBench(core, 'desktop', (html) => printer.print(html));
  service.activities.watchList((list) =>
    tell({ type: 'active', titles: list.filter((a) => a.state !== 'ended').map((a) => a.title) }),
  );
  main.on('message', ({ data, ports }) => take(data as ToCore, ports, service, core));
  tell({ type: 'ready' });
}

void start();
