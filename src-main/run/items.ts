import { fail, ok, type Failure, type Result } from '../base/errors.ts';
import type { AccuracyItem, OutputCheck } from '../contract/index.ts';
import { argmax, meanScores } from './accuracy.ts';
import { failed, orAborted, type RunContext } from './context.ts';
import { Eta } from './eta.ts';
import { failureKind, toDto } from './failures.ts';
import type { Device, InputItem } from './ports.ts';
import { compareOutputs } from './windows.ts';

/** `infer 1 0` on every item that is not there yet; each is stored before the next. */
export async function measureItems(run: RunContext, device: Device): Promise<Failure | null> {
  const { state } = run;
  const total = state.total();
  const eta = new Eta(run.ports.stopwatch, null);
  for (let index = state.nextWindow(); index !== null; index = state.nextWindow()) {
    const item = await measureItem(run, device, index);
    if (!item.ok) return item;
    const saved = failed(run.ports.store.saveItem(state.runId, item.value));
    if (saved) return saved;
    state.items.push(item.value);
    eta.stepDone();
    state.gained();
    const done = state.items.length;
    const correct = state.items.filter((i) => i.predicted === i.label).length;
    run.emit({ type: 'item', item: item.value, done, total, correct });
    run.emit({
      type: 'progress',
      phase: 'measuring',
      done,
      total,
      etaS: eta.leftS(total - done),
      text: `item ${done}/${total}`,
    });
  }
  return null;
}

async function measureItem(run: RunContext, device: Device, index: number): Promise<Result<AccuracyItem>> {
  const input = run.ports.inputs.item(index);
  if (!input.ok) return input;
  const { label } = input.value;
  if (label === null || input.value.windows.length === 0)
    return fail(
      'run.no-labels',
      { file: input.value.name },
      'Accuracy needs labelled inputs.',
      'Use a data set with a y_labels.csv.',
    );
  for (;;) {
    const item = await tryItem(run, device, index, input.value, label);
    if (item.ok) return item;
    if (failureKind(item) !== 'void') return item;
    run.emit({ type: 'warning', failure: toDto(item) });
    if (!run.state.mayRepeat(index))
      return fail(
        'run.too-many-repeats',
        { item: index, file: input.value.name, last: item.id },
        item.cause,
        item.next,
      );
    const recovered = await orAborted(device.recover(run.step()), run.signal);
    if (!recovered.ok) return recovered;
  }
}

async function tryItem(
  run: RunContext,
  device: Device,
  index: number,
  input: InputItem,
  label: number,
): Promise<Result<AccuracyItem>> {
  const rows: (readonly number[])[] = [];
  const checks: OutputCheck[] = [];
  let difference: AccuracyItem['difference'] = null;
  for (const bytes of input.windows) {
    const loaded = await orAborted(device.load(bytes, run.step()), run.signal);
    if (!loaded.ok) return loaded;
    const reply = await orAborted(device.infer(1, 0, run.step()), run.signal);
    if (!reply.ok) return reply;
    const wrong = wrongScores(reply.value.scores, rows[0]);
    if (wrong) return wrong;
    rows.push(reply.value.scores);
    const compared = await compareOutputs(run, device, bytes, reply.value);
    if (!compared.ok) return compared;
    const { check, raw, expected } = compared.value;
    checks.push(check);
    if (check === 'different' && raw) difference ??= { got: hex(raw), expected: hex(expected) };
  }
  const scores = meanScores(rows);
  return ok({
    index,
    name: input.name,
    label,
    predicted: run.state.plan.scoring === 'top1' ? argmax(scores) : null,
    scores,
    inferences: rows.length,
    outputCheck: worst(checks),
    difference,
  });
}

/** A damaged results line must not become an accuracy. */
function wrongScores(scores: readonly number[], first: readonly number[] | undefined): Failure | null {
  const finite = scores.length > 0 && scores.every(Number.isFinite);
  if (finite && (first === undefined || first.length === scores.length)) return null;
  return fail(
    'device.bad-results',
    { scores: scores.map(String) },
    'The results line was damaged on its way.',
    'The item is repeated.',
  );
}

function worst(checks: readonly OutputCheck[]): OutputCheck {
  for (const c of ['different', 'not-compared', 'equal-in-print'] as const) if (checks.includes(c)) return c;
  return 'equal';
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (b) => b.toString(16).padStart(2, '0')).join('');
}
