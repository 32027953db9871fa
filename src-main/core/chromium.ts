import { spawn } from 'node:child_process';
import { accessSync, constants, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { fail, ok, type Failure, type Result } from '../base/errors.ts';

/** Makes a PDF of a self-contained page. */
export type PdfPrinter = (html: string) => Promise<Result<Uint8Array>>;

const NAMES = [
  'chromium',
  'chromium-browser',
  'google-chrome',
  'google-chrome-stable',
  'chrome',
  'microsoft-edge',
  'chrome.exe',
  'msedge.exe',
];

/** Where installers put it without adding to the PATH. */
function usualPlaces(): string[] {
  const programs = [
    process.env.PROGRAMFILES,
    process.env['PROGRAMFILES(X86)'],
    process.env.LOCALAPPDATA,
  ].filter((d): d is string => d !== undefined);
  const mac = ['/Applications', join(homedir(), 'Applications')];
  return [
    ...mac.flatMap((d) => [
      join(d, 'Google Chrome.app/Contents/MacOS/Google Chrome'),
      join(d, 'Chromium.app/Contents/MacOS/Chromium'),
      join(d, 'Microsoft Edge.app/Contents/MacOS/Microsoft Edge'),
    ]),
    ...programs.flatMap((d) => [
      join(d, 'Google/Chrome/Application/chrome.exe'),
      join(d, 'Chromium/Application/chrome.exe'),
      join(d, 'Microsoft/Edge/Application/msedge.exe'),
    ]),
  ];
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** `report.no-chromium`. MICROJOULE_CHROMIUM, where it is set, decides alone. */
export function findChromium(
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Result<string> {
  const chosen = environment.MICROJOULE_CHROMIUM;
  const folders = (environment.PATH ?? '').split(delimiter).filter(Boolean);
  const tried = chosen
    ? [chosen]
    : [...folders.flatMap((d) => NAMES.map((n) => join(d, n))), ...usualPlaces()];
  const found = tried.find(isProgram);
  if (found) return ok(found);
  return fail(
    'report.no-chromium',
    { looked: chosen ?? NAMES.slice(0, 6).join(', ') },
    chosen
      ? 'MICROJOULE_CHROMIUM does not name a program.'
      : 'A PDF is printed by Chromium, Chrome or Edge, and none was found on this computer.',
    'Install one of them or set MICROJOULE_CHROMIUM to its path; the HTML report prints the same from any browser.',
  );
}

/** A page that takes longer hangs. */
const TIMEOUT_MS = 120_000;
const KEPT_OUTPUT = 2000;

/** Prints by a Chromium without a window, in a profile of its own that is removed afterwards. `report.pdf-failed`. */
export function chromiumPrinter(program: string, timeoutMs = TIMEOUT_MS): PdfPrinter {
  return async (html) => {
    const dir = mkdtempSync(join(tmpdir(), 'microjoule-pdf-'));
    const page = join(dir, 'report.html');
    const pdf = join(dir, 'report.pdf');
    try {
      writeFileSync(page, html);
      const { code, said } = await run(
        program,
        [
          '--headless',
          // Chromium refuses to run as root inside its sandbox
          ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
          '--disable-gpu',
          '--disable-quic',
          '--no-first-run',
          '--disable-extensions',
          '--disable-background-networking',
          '--disable-component-update',
          '--disable-sync',
          `--user-data-dir=${join(dir, 'profile')}`,
          '--no-pdf-header-footer',
          '--print-to-pdf-no-header',
          `--print-to-pdf=${pdf}`,
          pathToFileURL(page).href,
        ],
        timeoutMs,
      );
      return readPdf(pdf) ?? pdfFailed(program, code, said);
    } finally {
      rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
    }
  };
}

/** Of the browser found on this computer. `report.no-chromium`. */
export function foundPrinter(): Result<PdfPrinter> {
  const program = findChromium();
  return program.ok ? ok(chromiumPrinter(program.value)) : program;
}

function readPdf(path: string): Result<Uint8Array> | null {
  try {
    const bytes = new Uint8Array(readFileSync(path));
    return Buffer.from(bytes.subarray(0, 5)).toString('latin1') === '%PDF-' ? ok(bytes) : null;
  } catch {
    return null;
  }
}

function pdfFailed(program: string, code: number | null, said: string): Failure {
  return fail(
    'report.pdf-failed',
    { program, code: code ?? 'stopped', said: said.slice(-KEPT_OUTPUT) },
    code === null ? 'The browser did not end in time.' : 'The browser made no PDF.',
    'Open the HTML report in a browser and print it there.',
  );
}

function run(
  program: string,
  args: readonly string[],
  timeoutMs: number,
): Promise<{ code: number | null; said: string }> {
  return new Promise((resolve) => {
    const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (s: string) => (said = (said + s).slice(-KEPT_OUTPUT)));
    const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
    const end = (code: number | null) => {
      clearTimeout(timer);
      resolve({ code, said });
    };
    child.once('error', (e) => {
      said += e.message;
      end(-1);
    });
    child.once('close', end);
  });
}
