import { createConnection, createServer, type Socket } from 'node:net';
import type { Clock } from '../base/clock.ts';
import { fail, ok, type Failure, type Result } from '../base/errors.ts';
import type { Link } from './link.ts';
import { StreamLink } from './stream-link.ts';

const CONNECT_MS = 5000;

/** A link over a TCP connection: `tcp://host:port`. */
export function openTcp(
  host: string,
  port: number,
  clock: Clock,
  connectMs = CONNECT_MS,
): Promise<Result<Link>> {
  const address = tcpAddress(host, port);
  return new Promise((resolve) => {
    const socket = createConnection({ host, port, noDelay: true, keepAlive: true });
    const refuse = (failure: Failure) => {
      socket.destroy();
      resolve(failure);
    };
    const timer = setTimeout(
      () => refuse(openFailure(address, 'ETIMEDOUT', `no answer in ${connectMs} ms`)),
      connectMs,
    );
    socket.once('error', (e: NodeJS.ErrnoException) => {
      clearTimeout(timer);
      refuse(openFailure(address, e.code ?? '', e.message));
    });
    socket.once('connect', () => {
      clearTimeout(timer);
      resolve(ok(socketLink(address, socket, clock)));
    });
  });
}

function tcpAddress(host: string, port: number): string {
  return host.includes(':') ? `tcp://[${host}]:${port}` : `tcp://${host}:${port}`;
}

function socketLink(address: string, socket: Socket, clock: Clock): Link {
  return new StreamLink({
    address,
    clock,
    input: socket,
    output: socket,
    dispose: () =>
      new Promise((resolve) => {
        if (socket.destroyed) return resolve();
        socket.once('close', () => resolve());
        // What was written goes out before the end, for 200 ms at most.
        socket.end();
        const timer = setTimeout(() => socket.destroy(), 200);
        socket.once('close', () => clearTimeout(timer));
      }),
  });
}

function openFailure(address: string, code: string, reason: string): Failure {
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN')
    return fail(
      'link.not-found',
      { address, reason },
      'There is no computer of that name.',
      'Check the host name.',
    );
  if (code === 'ECONNREFUSED')
    return fail(
      'link.refused',
      { address, reason },
      'Nothing listens at that port.',
      'Start what should listen there (for instance `microjoule emulate pico --tcp PORT`) or correct the port.',
    );
  if (code === 'ETIMEDOUT' || code === 'EHOSTUNREACH' || code === 'ENETUNREACH')
    return fail(
      'link.unreachable',
      { address, reason },
      'The computer does not answer: off, or a firewall between.',
      'Check the network.',
    );
  return fail(
    'link.open-failed',
    { address, reason },
    'The connection could not be made.',
    'Check the address and retry.',
  );
}

export interface TcpListener extends AsyncDisposable {
  readonly port: number;
}

/** Listens on loopback unless told otherwise; every connection becomes a link. Port 0 = any free one. */
export function listenTcp(
  options: { readonly port: number; readonly host?: string; readonly clock: Clock },
  onLink: (link: Link) => void,
): Promise<Result<TcpListener>> {
  const host = options.host ?? '127.0.0.1';
  if (!Number.isInteger(options.port) || options.port < 0 || options.port > 65_535)
    return Promise.resolve(
      fail(
        'link.bad-address',
        { address: tcpAddress(host, options.port) },
        'TCP ports go from 1 to 65535.',
        'Choose another port, or 0 for any that is free.',
      ),
    );
  const sockets = new Set<Socket>();
  return new Promise((resolve) => {
    const server = createServer({ noDelay: true }, (socket) => {
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
      onLink(
        socketLink(tcpAddress(socket.remoteAddress ?? '?', socket.remotePort ?? 0), socket, options.clock),
      );
    });
    server.once('error', (e: NodeJS.ErrnoException) => resolve(listenFailure(host, options.port, e)));
    server.listen(options.port, host, () => {
      const bound = server.address();
      const port = typeof bound === 'object' && bound ? bound.port : options.port;
      resolve(ok({ port, [Symbol.asyncDispose]: () => closeServer(server, sockets) }));
    });
  });
}

function closeServer(server: ReturnType<typeof createServer>, sockets: Set<Socket>): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    for (const socket of sockets) socket.destroy();
  });
}

function listenFailure(host: string, port: number, e: NodeJS.ErrnoException): Failure {
  const facts = { address: tcpAddress(host, port), reason: e.message };
  if (e.code === 'EADDRINUSE')
    return fail(
      'link.busy',
      facts,
      'Another program listens at this port already.',
      'Choose another port, or end that program.',
    );
  if (e.code === 'EACCES')
    return fail(
      'link.permission',
      facts,
      'Ports below 1024 need special rights.',
      'Choose a port from 1024 up.',
    );
  return fail(
    'link.open-failed',
    facts,
    'The port cannot be listened at.',
    'Choose another port or address.',
  );
}
