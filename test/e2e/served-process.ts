import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { root } from '../needs.ts';

/** `microjoule emulate …` that goes on until it is ended. */
export interface Served extends AsyncDisposable {
  readonly listens: Readonly<Record<string, string>>;
  readonly stderr: () => string;
  /** Sends the signal and waits for the end. */
  end(signal: NodeJS.Signals): Promise<number | null>;
}

/** Resolves when it says where it listens; rejects with what it said when it ends instead. */
export function emulating(args: readonly string[]): Promise<Served> {
  return new Promise((resolve, reject) => {
    const child = spawn(
      process.execPath,
      [join(root, 'src-main/hosts/cli/bin.mjs'), 'emulate', ...args, '--json'],
      {
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    let stdout = '';
    let stderr = '';
    const ended = new Promise<number | null>((done) => child.once('close', (code) => done(code)));
    child.stderr.setEncoding('utf8').on('data', (s: string) => (stderr += s));
    child.stdout.setEncoding('utf8').on('data', (s: string) => {
      stdout += s;
      if (!stdout.includes('\n')) return;
      const { listens } = JSON.parse(stdout) as { listens: Record<string, string> };
      const end = async (signal: NodeJS.Signals) => {
        child.kill(signal);
        return ended;
      };
      resolve({
        listens,
        stderr: () => stderr,
        end,
        [Symbol.asyncDispose]: async () => void (await end('SIGTERM')),
      });
    });
    child.once('error', reject);
    void ended.then((code) => reject(new Error(`ended with code ${code}: ${stdout}${stderr}`)));
  });
}
