/** The thread that writes one trace file: calls in, answers out, in order. */
import { parentPort, workerData } from 'node:worker_threads';
import { ok } from '../base/errors.ts';
import { TraceFile } from './trace-file.ts';
import type { TraceWriterAnswer, TraceWriterCall, TraceWriterStart } from './trace-writer-calls.ts';

const { path, header, ...options } = workerData as TraceWriterStart;
const port = parentPort!;
const answer = (result: TraceWriterAnswer) => port.postMessage(result);

const created = TraceFile.create(path, header, options);
answer(created.ok ? ok() : created);
if (created.ok) {
  const file = created.value;
  port.on('message', (c: TraceWriterCall) => {
    switch (c.call) {
      case 'commit':
        return answer(file.commitNow(c.batch));
      case 'finish':
        return answer(file.finishNow(c.state, c.reason));
      case 'close':
        file[Symbol.dispose]();
        answer(ok());
        return port.close();
    }
  });
}
