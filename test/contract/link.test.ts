import { WallClock } from '../../src-main/base/clock.ts';
import { orThrow } from '../../src-main/base/errors.ts';
import type { Link } from '../../src-main/link/link.ts';
import { memoryLinkPair } from '../../src-main/link/memory.ts';
import { openProcess } from '../../src-main/link/process.ts';
import { openPty } from '../../src-main/link/pty.ts';
import { RecordedLink } from '../../src-main/link/recorded.ts';
import { openSerial } from '../../src-main/link/serial.ts';
import { listenTcp, openTcp } from '../../src-main/link/tcp.ts';
import { describeWith, needs } from '../needs.ts';
import { linkContract, type LinkSubject } from './link.contract.ts';

/** Sends back whatever comes, until the link ends. */
async function echo(link: Link): Promise<void> {
  for (;;) {
    const read = await link.read({ deadlineUs: Infinity });
    if (read.kind === 'closed') return;
    if (read.kind === 'bytes' && !(await link.write(read.bytes)).ok) return;
  }
}

function onMemory(wrap: (link: Link) => Link): () => Promise<LinkSubject> {
  return async () => {
    const { near, far } = memoryLinkPair();
    void echo(far);
    const link = wrap(near);
    return {
      link,
      cut: () => far[Symbol.asyncDispose](),
      [Symbol.asyncDispose]: () => Promise.resolve(link[Symbol.asyncDispose]()),
    };
  };
}

linkContract(
  'memory',
  onMemory((link) => link),
);
linkContract(
  'memory, recorded',
  onMemory((link) => new RecordedLink(link)),
);

linkContract('TCP', async () => {
  const clock = new WallClock();
  const farEnds: Link[] = [];
  const listener = orThrow(
    await listenTcp({ port: 0, clock }, (far) => {
      farEnds.push(far);
      void echo(far);
    }),
  );
  const link = orThrow(await openTcp('127.0.0.1', listener.port, clock));
  return {
    link,
    cut: () => farEnds[0]![Symbol.asyncDispose](),
    [Symbol.asyncDispose]: async () => {
      await link[Symbol.asyncDispose]();
      await listener[Symbol.asyncDispose]();
    },
  };
});

linkContract('a child process', async () => {
  const link = orThrow(await openProcess('cat', [], new WallClock()));
  return { link, [Symbol.asyncDispose]: () => Promise.resolve(link[Symbol.asyncDispose]()) };
});

describeWith([needs.socat], 'with socat', () => {
  linkContract('a serial port on a pseudo-terminal', async () => {
    const clock = new WallClock();
    const pty = orThrow(await openPty(clock));
    void echo(pty.link);
    const link = orThrow(await openSerial({ path: pty.path, baud: 115200, clock }));
    return {
      link,
      cut: () => pty[Symbol.asyncDispose](),
      [Symbol.asyncDispose]: async () => {
        await link[Symbol.asyncDispose]();
        await pty[Symbol.asyncDispose]();
      },
    };
  });
});
