import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const KEPT = 10;
const TAIL = 64 * 1024;

export interface CrashReportOptions {
  readonly folder: string;
  readonly version: string;
  readonly nowIso: () => string;
}

/** What a dying core said last, as a file on this computer; nothing is sent anywhere. */
export class CrashReports {
  readonly #options: CrashReportOptions;
  #said = '';

  constructor(options: CrashReportOptions) {
    this.#options = options;
  }

  heard(text: string): void {
    this.#said = (this.#said + text).slice(-TAIL);
  }

  /** Returns the file, or null where it cannot be written. */
  write(code: number): string | null {
    const { folder, version, nowIso } = this.#options;
    const at = nowIso();
    const file = join(folder, `core-${at.replace(/[^\d]/g, '').slice(0, 17)}.txt`);
    const system = `${process.platform}-${process.arch}, Electron ${process.versions.electron ?? 'none'}`;
    try {
      mkdirSync(folder, { recursive: true });
      writeFileSync(
        file,
        `Microjoule ${version} on ${system}\nThe core ended with code ${code} at ${at}.\n\n${this.#said}`,
      );
      this.#forgetOld();
      return file;
    } catch {
      return null;
    } finally {
      this.#said = '';
    }
  }

  #forgetOld(): void {
    const { folder } = this.#options;
    const reports = readdirSync(folder)
      .filter((name) => /^core-\d+\.txt$/.test(name))
      .sort();
    for (const name of reports.slice(0, Math.max(0, reports.length - KEPT))) rmSync(join(folder, name));
  }
}
