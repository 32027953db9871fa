import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from '../needs.ts';

export interface CliAnswer {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CliOptions {
  /** Called with the process as soon as standard error has shown this text. */
  readonly when?: { readonly text: string; readonly act: (kill: (signal: NodeJS.Signals) => void) => void };
  readonly env?: Record<string, string>;
  readonly cwd?: string;
  /** Another Node than that of the tests. */
  readonly node?: string;
}

/** Runs `microjoule` as a user's shell would. */
export function microjoule(args: readonly string[], options: CliOptions = {}): Promise<CliAnswer> {
  return new Promise((resolve, reject) => {
    const child = spawn(
      options.node ?? process.execPath,
      [join(root, 'src-main/hosts/cli/bin.mjs'), ...args],
      {
        stdio: ['ignore', 'pipe', 'pipe'],
        env: { ...process.env, ...options.env },
        cwd: options.cwd ?? process.cwd(),
      },
    );
    let stdout = '';
    let stderr = '';
    let acted = false;
    child.stdout.setEncoding('utf8').on('data', (s: string) => (stdout += s));
    child.stderr.setEncoding('utf8').on('data', (s: string) => {
      stderr += s;
      if (options.when && !acted && stderr.includes(options.when.text)) {
        acted = true;
        options.when.act((signal) => child.kill(signal));
      }
    });
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, stdout, stderr }));
  });
}

export function json<T>(answer: CliAnswer): T {
  return JSON.parse(answer.stdout) as T;
}

/** A folder of its own for each suite. */
export function scratch(): { readonly dir: string; readonly remove: () => void } {
  const dir = mkdtempSync(join(tmpdir(), 'microjoule-e2e-'));
  return { dir, remove: () => rmSync(dir, { recursive: true, force: true }) };
}
