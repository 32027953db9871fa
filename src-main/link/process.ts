import { spawn, type ChildProcess } from 'node:child_process';
import type { Clock } from '../base/clock.ts';
import { fail, ok, type Failure, type Result } from '../base/errors.ts';
import type { Link } from './link.ts';
import { StreamLink } from './stream-link.ts';

const STDERR_KEPT = 2000;
const TERMINATE_MS = 500;

/** A link to the standard input and output of a child process; the end of the link is the end of the process. */
export function openProcess(program: string, args: readonly string[], clock: Clock): Promise<Result<Link>> {
  const address = `process:${[program, ...args].join(' ')}`;
  return new Promise((resolve) => {
    const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    let stderr = '';
    child.stderr.on(
      'data',
      (bytes: Buffer) => (stderr = (stderr + bytes.toString('utf8')).slice(-STDERR_KEPT)),
    );
    child.once('error', (e: NodeJS.ErrnoException) => resolve(spawnFailure(address, program, e)));
    child.once('spawn', () => {
      const link = new StreamLink({
        address,
        clock,
        input: child.stdout,
        output: child.stdin,
        ownerEnds: true,
        dispose: () => endProcess(child),
      });
      child.once('close', (code, signal) => link.end(exitReason(code, signal, stderr)));
      resolve(ok(link));
    });
  });
}

function exitReason(code: number | null, signal: string | null, stderr: string): string {
  const how = signal ? `was ended by ${signal}` : `ended with code ${code}`;
  return `the process ${how}${stderr.trim() ? `: ${stderr.trim().slice(-300)}` : ''}`;
}

/** Closing its input is the polite end; then SIGTERM, then SIGKILL. */
function endProcess(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve();
    const terminate = setTimeout(() => child.kill('SIGTERM'), TERMINATE_MS / 5);
    const kill = setTimeout(() => child.kill('SIGKILL'), TERMINATE_MS);
    child.once('exit', () => {
      clearTimeout(terminate);
      clearTimeout(kill);
      resolve();
    });
    child.stdin?.end();
  });
}

function spawnFailure(address: string, program: string, e: NodeJS.ErrnoException): Failure {
  const facts = { address, reason: e.message };
  if (e.code === 'ENOENT')
    return fail(
      'link.not-found',
      facts,
      `There is no program ${program}.`,
      'Check the command, or install it.',
    );
  if (e.code === 'EACCES')
    return fail(
      'link.permission',
      facts,
      `${program} may not be executed.`,
      'Make it executable (chmod +x).',
    );
  return fail('link.open-failed', facts, 'The process could not be started.', 'Check the command.');
}
