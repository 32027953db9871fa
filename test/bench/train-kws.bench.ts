import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Runs only when asked for by name: generates SYN-KWS and trains three seeds. */
export const name = 'long-train-kws';

const root = join(import.meta.dirname, '../..');

interface Outcome {
  readonly meanInt8: number;
  readonly testItems: number;
  readonly perSeed: readonly {
    readonly seed: number;
    readonly accuracy: { readonly int8: { readonly test: { readonly value: number } } };
  }[];
  readonly baselines: {
    readonly logisticRegression: { readonly value: number };
    readonly nearestNeighbour: { readonly value: number };
  };
}

async function train(file: string): Promise<Outcome> {
  const child = spawn(process.execPath, ['scripts/train-kws.ts', '--json', file], {
    cwd: root,
    stdio: ['ignore', 2, 2],
  });
  const code = await new Promise<number | null>((resolve) => child.on('exit', resolve));
  if (code !== 0) throw new Error(`train-kws ended with ${code}`);
  return JSON.parse(await readFile(file, 'utf8')) as Outcome;
}

export async function bench() {
  const dir = await mkdtemp(join(tmpdir(), 'mj-train-'));
  try {
    const outcome = await train(join(dir, 'outcome.json'));
    const card = JSON.parse(await readFile(join(root, 'models/kws-syn.json'), 'utf8')) as {
      accuracy: { int8: { test: { value: number } } };
    };
    const away = Math.abs(outcome.meanInt8 - card.accuracy.int8.test.value);
    const line = outcome.baselines.logisticRegression.value;
    return {
      figures: {
        meanInt8Accuracy: outcome.meanInt8,
        ...Object.fromEntries(
          outcome.perSeed.map((s) => [`seed${s.seed}Int8Accuracy`, s.accuracy.int8.test.value]),
        ),
        testItems: outcome.testItems,
        logisticRegressionAccuracy: line,
        nearestNeighbourAccuracy: outcome.baselines.nearestNeighbour.value,
      },
      checks: [
        { name: 'mean accuracy away from the card, points', value: 100 * away, limit: 1, ok: away <= 0.01 },
        { name: 'test items', value: outcome.testItems, limit: 2000, ok: outcome.testItems >= 2000 },
        { name: 'logistic regression below', value: line, limit: 0.7, ok: line < 0.7 },
      ],
    };
  } finally {
    await rm(dir, { recursive: true });
  }
}
