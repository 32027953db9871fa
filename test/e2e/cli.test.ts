/** The main job through the command line, on the emulated bench: what a user types and what comes out. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { RunResult, RunSummary } from '../../src-main/contract/index.ts';
import { ReportDocument } from '../../src-main/report/json.ts';
import { root } from '../needs.ts';
import { json, microjoule, scratch, type CliAnswer } from './cli-process.ts';

const model = join(root, 'models/tiny-ad.tflite');
const { dir, remove } = scratch();
const db = join(dir, 'bench.db');
const short = ['--window-s', '0.5', '--windows', '3', '--db', db, '--json'];
afterAll(remove);

const failureOf = (a: CliAnswer) =>
  json<{ error: { id: string; cause: string; next: string; facts: Record<string, unknown> } }>(a).error;

describe('microjoule on the emulated bench', () => {
  it('infers the same integers on host and emulated Pico', async () => {
    const input = join(dir, 'input.bin');
    writeFileSync(
      input,
      Uint8Array.from({ length: 64 }, (_, i) => (i * 37) & 0xff),
    );
    const [host, pico] = await Promise.all([
      microjoule(['infer', model, '--input', input, '--json']),
      microjoule(['infer', model, '--input', input, '--target', 'pico-emulated', '--json']),
    ]);
    expect(host.code).toBe(0);
    const output = json<{ output: number[] }>(host).output;
    expect(output).toHaveLength(64);
    expect(new Set(output).size).toBeGreaterThan(3);
    expect(json<{ output: number[] }>(pico).output).toEqual(output);
  });

  it('measures latency and energy, twice with identical cycles and energies', async () => {
    const runs: RunResult[] = [];
    for (let i = 0; i < 2; i++) {
      const answer = await microjoule(['run', model, '--mode', 'energy', ...short]);
      expect(answer.stderr).not.toContain('bug');
      expect(answer.code).toBe(0);
      runs.push(json<RunResult>(answer));
    }
    const [a, b] = runs as [RunResult, RunResult];
    expect(a.source).toBe('emulated');
    expect(a.comparison).toMatchObject({ method: 'bit-exact', compared: 3, equal: 3 });
    expect(a.profile!.ops.map((o) => o.macs)).toEqual([2048, 256, 256, 2048]);
    expect(a.energyPerInference!.systematic!.plusMinus).toBeGreaterThan(0);
    // both clocks are exact in the emulated world
    expect(a.clockRelation!.windows).toBe(3);
    expect(Math.abs(a.clockRelation!.ratePpm)).toBeLessThan(a.clockRelation!.ratePlusMinusPpm);
    for (const w of a.windows) {
      const layers = w.energy!.layers!;
      expect(layers).toHaveLength(4);
      const sumUj = layers.reduce((sum, l) => sum + l.energyUj, 0) * w.inferences;
      expect(sumUj / w.energy!.energyUj).toBeCloseTo(1, 9);
    }
    const facts = (r: RunResult) => ({
      windows: r.windows.map((w) => [w.inferences, w.durationUs, w.energy!.energyUj, w.energy!.netUj]),
      cycles: r.profile!.ops.map((o) => o.cycles),
    });
    expect(facts(b)).toEqual(facts(a));
  });

  it('a recorded run happens again, state for state; zero wait is said', async () => {
    const recording = join(dir, 'run.recording');
    const run = json<RunResult>(
      await microjoule(['run', model, '--zero-wait', '--record-input', recording, ...short]),
    );
    expect(run.notes.join()).toContain('Zero-wait memory');
    const again = await microjoule(['replay', recording, '--json']);
    expect(again.code).toBe(0);
    expect(json(again)).toMatchObject({ difference: null, otherCore: false });
    // the first byte that was sent to the board, changed
    const text = readFileSync(recording, 'utf8');
    const at = text.indexOf('"$bytes":"', text.indexOf('"call":"write"')) + '"$bytes":"'.length;
    const other = text[at] === 'a' ? 'b' : 'a';
    writeFileSync(recording, `${text.slice(0, at)}${other}${text.slice(at + 1)}`);
    expect((await microjoule(['replay', recording, '--json'])).code).toBe(3);
  });

  it('says that half-second windows do not keep the run rules', async () => {
    const answer = await microjoule(['run', model, '--mode', 'performance', ...short]);
    const run = json<RunResult>(answer);
    expect(run.validity.valid).toBe(false);
    expect(
      run.validity.rules
        .filter((r) => !r.kept)
        .map((r) => r.rule)
        .join(),
    ).toMatch(/10 s/);
    // latency by the device's timer and by its cycle counter agree: two clocks, one truth
    const byCycles = (run.profile!.totalCycles / run.profile!.clockHz) * 1e6;
    expect(Math.abs(run.latency!.value / byCycles - 1)).toBeLessThan(0.02);
  });

  it('keeps runs, shows, compares, reports and exports them', async () => {
    const list = json<RunSummary[]>(await microjoule(['runs', '--db', db, '--json']));
    expect(list.map((r) => r.mode)).toEqual(['performance', 'performance', 'energy', 'energy']);
    const compared = json<{ verdicts: { figure: string; verdict: string }[] }[]>(
      await microjoule(['compare', '1', '2', '--db', db, '--json']),
    );
    expect(compared[0]!.verdicts.map((v) => v.verdict)).toEqual(compared[0]!.verdicts.map(() => 'equal'));
    const html = join(dir, 'report.html');
    const file = join(dir, 'report.json');
    const report = await microjoule(['report', '--html', html, '--json-file', file, '--db', db, '--json']);
    expect(report.code).toBe(0);
    expect(ReportDocument.parse(JSON.parse(readFileSync(file, 'utf8'))).runs).toHaveLength(2);
    expect(readFileSync(html, 'utf8')).toContain('Supply current');
    const operators = join(dir, 'operators.csv');
    const against = ['report', '2', '--baseline', '1', '--html', html, '--operators-csv', operators];
    expect((await microjoule([...against, '--db', db])).code).toBe(0);
    expect(readFileSync(html, 'utf8')).toContain('Compared with run 1');
    expect(readFileSync(operators, 'utf8').trim().split('\n')).toHaveLength(1 + 2 * 4);
    const unprinted = await microjoule(
      ['report', '1', '--pdf', join(dir, 'report.pdf'), '--db', db, '--json'],
      {
        env: { MICROJOULE_CHROMIUM: join(dir, 'no-browser') },
      },
    );
    expect(unprinted.code).toBe(1);
    expect(json<{ error: { id: string } }>(unprinted).error.id).toBe('report.no-chromium');
    expect(existsSync(join(dir, 'report.pdf'))).toBe(false);
    const csv = join(dir, 'profiles.csv');
    expect((await microjoule(['export', 'profiles', '--csv', csv, '--db', db])).code).toBe(0);
    expect(readFileSync(csv, 'utf8').trim().split('\n')).toHaveLength(1 + 4 * 4);
    expect((await microjoule(['note', '1', 'jumper on J3', '--db', db])).code).toBe(0);
    const shown = (await microjoule(['show', '1', '--db', db])).stdout;
    expect(shown).toContain('note: jumper on J3');
    // the kernel that was chosen for a layer
    expect(shown).toMatch(/^ 0 {2}(ConvLanes|DenseBytes) +2,048/m);
    expect(shown).toMatch(/µJ\/inf \(± [\d.]+ % systematic, common\)/);
  });

  it('Ctrl-C keeps what was measured, and --resume finishes the run', async () => {
    // a relative path, and resumed from elsewhere: the run must know where its model is
    const stopped = await microjoule(
      [
        'run',
        'models/tiny-ad.tflite',
        '--mode',
        'performance',
        '--window-s',
        '4',
        '--windows',
        '4',
        '--note',
        'cold room',
        '--db',
        db,
      ],
      {
        cwd: root,
        when: { text: 'window 3/4', act: (kill) => kill('SIGINT') },
      },
    );
    expect(stopped.code).toBe(130);
    const id = json<RunSummary[]>(await microjoule(['runs', '--db', db, '--json']))[0]!.runId;
    const before = json<RunResult>(await microjoule(['show', String(id), '--db', db, '--json']));
    expect(before.status).toBe('interrupted');
    expect(before.windows.length).toBeGreaterThanOrEqual(2);
    expect(before.notes).toContain('cold room');
    const refused = await microjoule([
      'run',
      model,
      '--resume',
      String(id),
      '--windows',
      '9',
      '--db',
      db,
      '--json',
    ]);
    expect([refused.code, failureOf(refused).id, failureOf(refused).facts.given]).toEqual([
      2,
      'cli.resume-takes-nothing',
      [model, '--windows'],
    ]);
    const resumed = json<RunResult>(
      await microjoule(['run', '--resume', String(id), '--db', db, '--json'], { cwd: dir }),
    );
    expect(resumed.status).toBe('finished');
    expect(resumed.windows.filter((w) => w.status === 'finished')).toHaveLength(4);
    expect(resumed.windows.slice(0, 2)).toEqual(before.windows.slice(0, 2));
    expect((await microjoule(['show', String(id), '--db', db])).stdout).toContain('note: cold room');
    const html = join(dir, 'noted.html');
    await microjoule(['report', String(id), '--html', html, '--db', db]);
    expect(readFileSync(html, 'utf8')).toContain('<li>cold room</li>');
    const again = await microjoule(['run', '--resume', String(id), '--db', db, '--json']);
    expect([again.code, failureOf(again).id]).toEqual([2, 'store.run-finished']);
  });

  it.each([
    [['run', '/nowhere/model.tflite'], 'model.cannot-read', 2],
    [['run', join(root, 'package.json')], 'model.not-tflite', 2],
    [['run', model, '--target', 'nothing'], 'cli.unknown-target', 2],
    [['run', model, '--target', 'pico'], 'cli.no-port', 2],
    [['run', model, '--port', '/dev/ttyUSB0'], 'cli.option-not-here', 2],
    [['run'], 'cli.no-model', 2],
    [['run', model, '--data', '/nowhere', '--mode', 'accuracy'], 'dataset.no-labels', 2],
    [['infer', model, '--input', '/nowhere'], 'cli.cannot-read', 2],
    [['infer', model, '--input', join(root, 'package.json')], 'dataset.input-size', 2],
    [['show', '9999'], 'store.no-run', 2],
    [['export', 'everything'], 'cli.unknown-export', 2],
  ] as const)('%j fails with %s and exit code %i', async (args, id, code) => {
    const answer = await microjoule([...args, '--db', db, '--json']);
    expect(failureOf(answer).id).toBe(id);
    expect(failureOf(answer).next).not.toBe('');
    expect(answer.code).toBe(code);
  });

  it('finds a trace from any folder, however the database was named', async () => {
    const made = json<RunResult>(
      await microjoule(
        [
          'run',
          model,
          '--mode',
          'energy',
          '--window-s',
          '0.2',
          '--windows',
          '1',
          '--db',
          'near.db',
          '--json',
        ],
        { cwd: dir },
      ),
    );
    const report = join(dir, 'near.html');
    await microjoule(['report', String(made.runId), '--html', report, '--db', join(dir, 'near.db')], {
      cwd: root,
    });
    expect(readFileSync(report, 'utf8')).toContain('Supply current, run');
  });

  it('exports rows to standard output, as CSV and as objects', async () => {
    const csv = await microjoule(['export', 'profiles', '--csv', '--db', db]);
    expect(csv.code).toBe(0);
    const [head, ...rows] = csv.stdout.trim().split('\n');
    expect(head).toMatch(/^run,model,target/);
    const objects = json<{ run: number; kernel: string; macs: number }[]>(
      await microjoule(['export', 'profiles', '--json', '--db', db]),
    );
    expect(objects).toHaveLength(rows.length);
    expect(objects[0]).toMatchObject({ run: 1, macs: 2048 });
    expect(objects[0]!.kernel).toMatch(/^(ConvLanes|DenseBytes)$/);
  });

  it('compares int8 with a float reference layer by layer', async () => {
    const answer = await microjoule(
      ['sqnr', 'models/kws-syn.tflite', '--data', 'models/kws-syn-samples', '--items', '4', '--json'],
      { cwd: root },
    );
    expect(answer.code).toBe(0);
    const told = json<{
      backend: string;
      items: number;
      sameTop1: number;
      layers: { operator: number; name: string; db: number }[];
    }>(answer);
    expect(told.backend).toMatch(/tfjs/);
    expect(told.items).toBe(4);
    expect(told.sameTop1).toBeGreaterThanOrEqual(3);
    expect(told.layers).toHaveLength(12);
    for (const layer of told.layers) {
      expect(layer.db, layer.name).toBeGreaterThan(12);
      expect(layer.db, layer.name).toBeLessThan(60);
    }
  });

  it.each([
    [['show', 'abc'], /'abc'.*number of a run/],
    [['compare', 'x', '1'], /'x'.*baseline/],
    [['report', '1', 'y'], /'y'.*number of a run/],
    [['run', model, '--windows', 'many'], /--windows.*many/],
    [['run', model, '--mode', 'fast'], /fast.*performance, energy, accuracy/],
    [['serve', '--port', '70000'], /70000.*65535/],
    [['emulate', 'pico', '--tcp', '70000'], /70000.*65535/],
    [['sqnr', model, '--items', '0'], /'0'.*from 1/],
    [['fly'], /fly/],
    [['show'], /run/],
    [[], /command/],
  ])('%j --json is one document that says what is wrong', async (args, cause) => {
    const answer = await microjoule([...args, '--json']);
    expect([failureOf(answer).id, answer.code, answer.stderr]).toEqual(['cli.usage', 2, '']);
    if (args.length > 0) expect(failureOf(answer).cause).toMatch(cause);
  });

  it('a data-set file that is missing or short is bad input, and named', async () => {
    const data = join(dir, 'data');
    mkdirSync(data);
    writeFileSync(join(data, 'y_labels.csv'), 'there.bin,2,0\nmissing.bin,2,1\n');
    writeFileSync(join(data, 'there.bin'), new Uint8Array(10));
    const answer = await microjoule([
      'run',
      model,
      '--mode',
      'accuracy',
      '--data',
      data,
      '--db',
      db,
      '--json',
    ]);
    expect(answer.code).toBe(2);
    expect(json<RunResult>(answer).failure!.id).toMatch(/^dataset\.file-(short|missing)$/);
    expect(JSON.stringify(json<RunResult>(answer).failure!.facts)).toMatch(/\.bin/);
  });

  it('reading commands refuse a database that is not there, and make none', async () => {
    const missing = join(dir, 'mistyped.db');
    for (const words of [['runs'], ['show', '1'], ['compare', '1', '2'], ['report'], ['export', 'runs']]) {
      const answer = await microjoule([...words, '--db', missing, '--json']);
      expect(answer.code).toBe(2);
      expect(failureOf(answer).id).toBe('store.none');
    }
    expect(existsSync(missing)).toBe(false);
  });

  it('wrong words are refused before anything runs', async () => {
    for (const args of [
      ['run', model, '--mode', 'fast'],
      ['run', model, '--windows', '-1'],
      ['fly'],
      ['show', 'x'],
    ]) {
      const answer = await microjoule(args);
      expect([args, answer.code]).toEqual([args, 2]);
      expect(answer.stderr).not.toContain('at ');
    }
  });

  it('helps', async () => {
    const help = await microjoule(['--help']);
    expect(help.code).toBe(0);
    for (const word of ['run', 'infer', 'emulate', 'doctor', 'Exit codes'])
      expect(help.stdout).toContain(word);
    expect(existsSync(db)).toBe(true);
  });
});
