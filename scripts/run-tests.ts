/**
 * `npm test`: every suite in turn, its wall time beside its budget (test/budgets.json, seconds), every skipped
 * suite by name with the line that enables it, and the sum last. A suite over its budget is reported, not failed:
 * move tests of it to `npm run bench`.
 *
 * `npm test -- unit golden` runs some suites only; further words after `--` go to vitest.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

interface VitestReport {
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly message?: string;
    readonly assertionResults: readonly {
      readonly status: 'passed' | 'failed' | 'skipped' | 'pending' | 'todo' | 'disabled';
      readonly fullName: string;
      readonly ancestorTitles: readonly string[];
    }[];
  }[];
}

interface SuiteOutcome {
  readonly suite: string;
  readonly seconds: number;
  readonly budget: number;
  passed: number;
  failed: number;
  skipped: Map<string, number>;
}

const root = resolve(import.meta.dirname, '..');
const budgets = JSON.parse(readFileSync(join(root, 'test/budgets.json'), 'utf8')) as Record<string, number>;

function hasTests(dir: string): boolean {
  return existsSync(dir) && readdirSync(dir, { recursive: true }).some((f) => String(f).endsWith('.test.ts'));
}

function vitest(suite: string, reportFile: string, extra: readonly string[]): Promise<number> {
  const bin = join(root, 'node_modules/vitest/vitest.mjs');
  const args = [
    bin,
    'run',
    `test/${suite}/`,
    '--reporter=dot',
    '--reporter=json',
    `--outputFile.json=${reportFile}`,
    ...extra,
  ];
  return new Promise((done) => {
    const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
    child.on('close', (code) => done(code ?? 1));
  });
}

function count(report: VitestReport, outcome: SuiteOutcome): void {
  for (const file of report.testResults) {
    // a file that failed to load has no assertions but must not pass unseen
    if (file.status === 'failed' && !file.assertionResults.some((a) => a.status === 'failed'))
      outcome.failed++;
    for (const a of file.assertionResults) {
      if (a.status === 'passed') outcome.passed++;
      else if (a.status === 'failed') outcome.failed++;
      else {
        const title = a.ancestorTitles.find((t) => t.includes('skipped: needs')) ?? a.fullName;
        outcome.skipped.set(title, (outcome.skipped.get(title) ?? 0) + 1);
      }
    }
  }
}

async function runSuite(suite: string, extra: readonly string[]): Promise<SuiteOutcome> {
  const dir = mkdtempSync(join(tmpdir(), 'microjoule-test-'));
  const reportFile = join(dir, 'report.json');
  const began = performance.now();
  console.log(`\n— ${suite}`);
  const code = await vitest(suite, reportFile, extra);
  const outcome: SuiteOutcome = {
    suite,
    seconds: (performance.now() - began) / 1000,
    budget: budgets[suite]!,
    passed: 0,
    failed: 0,
    skipped: new Map(),
  };
  if (existsSync(reportFile)) count(JSON.parse(readFileSync(reportFile, 'utf8')) as VitestReport, outcome);
  // vitest failed for a reason that no test shows (crash, unhandled rejection): count it
  if (code !== 0 && outcome.failed === 0) outcome.failed = 1;
  rmSync(dir, { recursive: true, force: true });
  return outcome;
}

const words = process.argv.slice(2);
const named = words.filter((w) => w in budgets);
const extra = words.filter((w) => !(w in budgets));
const suites = Object.keys(budgets).filter(
  (s) => (named.length === 0 || named.includes(s)) && hasTests(join(root, 'test', s)),
);
const outcomes: SuiteOutcome[] = [];
for (const suite of suites) outcomes.push(await runSuite(suite, extra));

console.log('\nsuite          wall s   budget s   passed   failed   skipped');
for (const o of outcomes) {
  const skipped = [...o.skipped.values()].reduce((a, b) => a + b, 0);
  const over = o.seconds > o.budget ? '   over budget: move tests to npm run bench' : '';
  console.log(
    `${o.suite.padEnd(13)}${o.seconds.toFixed(1).padStart(8)}${String(o.budget).padStart(11)}${String(o.passed).padStart(9)}${String(o.failed).padStart(9)}${String(skipped).padStart(10)}${over}`,
  );
}
const skipped = outcomes.flatMap((o) => [...o.skipped].map(([title, n]) => `  ${n} × ${title}`));
if (skipped.length) console.log(`\nskipped:\n${skipped.join('\n')}`);
const passed = outcomes.reduce((n, o) => n + o.passed, 0);
const failed = outcomes.reduce((n, o) => n + o.failed, 0);
const skippedCount = outcomes.reduce((n, o) => n + [...o.skipped.values()].reduce((a, b) => a + b, 0), 0);
console.log(`\n${passed} passed, ${failed} failed${skippedCount ? `, ${skippedCount} skipped` : ''}`);
if (failed > 0 || passed === 0) process.exitCode = 1;
