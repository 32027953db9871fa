/**
 * Random graphs of all operators: what TensorFlow Lite Micro makes of them, every core makes, bit for bit, and writes no
 * byte it must not. `node scripts/random-graphs.ts` asks thousands.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pico } from '../../src-main/board/pico.ts';
import { operatorTable } from '../../src-main/model/operator-table.ts';
import { describeWith, needs, python } from '../needs.ts';
import { differences, namesOf, questionsOf, type Question } from './random-graphs/ask.ts';
import type { GraphRunner } from './random-graphs/graph-runner.ts';
import { randomGraph } from './random-graphs/random-graph.ts';
import { openRunners, type Runners } from './random-graphs/runners.ts';
import { Shrinker } from './random-graphs/shrink.ts';
import { twinRunner } from './random-graphs/twin-runner.ts';

const GRAPHS = 510;
const SEED = 1;
const seeds = Array.from({ length: GRAPHS }, (_, i) => SEED + i);
const specs = seeds.map((seed) => ({ seed, spec: randomGraph(seed) }));

describe('random graphs', () => {
  it('are the same for the same seed', () => {
    expect(seeds.slice(0, 60).map(randomGraph)).toEqual(specs.slice(0, 60).map((s) => s.spec));
  });

  it('hold every operator, several of them together, and shapes of one to five dimensions', () => {
    const operators = new Set(specs.flatMap(({ spec }) => spec.ops.map((op) => op.name)));
    expect([...operators].sort()).toEqual(operatorTable.map((r) => r.name).sort());
    expect(specs.filter(({ spec }) => spec.ops.length > 3).length).toBeGreaterThan(GRAPHS / 5);
    const ranks = new Set(specs.flatMap(({ spec }) => spec.tensors.map((t) => t.shape.length)));
    expect([...ranks]).toEqual(expect.arrayContaining([1, 2, 3, 4, 5]));
  });
});

describeWith([needs.python], 'random graphs against live TFLM', () => {
  let questions: Question[];
  let runners: Runners;

  beforeAll(() => {
    questions = questionsOf(python!, specs);
    runners = openRunners();
  }, 120_000);

  afterAll(() => runners[Symbol.dispose]());

  it(`${GRAPHS} graphs on every core there is`, { timeout: 300_000 }, async () => {
    expect(runners.all.length).toBeGreaterThan(1);
    for (const runner of runners.all) {
      const found = await differences(runner, questions);
      const said = found.map((d) => `seed ${d.question.seed} (${namesOf(d.question.spec)}): ${d.why}`);
      expect({ runner: runner.name, said }).toEqual({ runner: runner.name, said: [] });
    }
  });

  it('finds a kernel that is wrong in one bit and makes the graph small', async () => {
    const twin = twinRunner('wrong', pico);
    const wrong: GraphRunner = {
      ...twin,
      run: async (cases) => {
        const replies = await twin.run(cases);
        return replies.map((reply, i) => {
          const bad = cases[i]!.program.ops.some((op) => op.name === 'MUL');
          if (!reply.ok || !bad || 'crcs' in reply) return reply;
          return {
            ok: true,
            outputs: reply.outputs.map((set) => set.map((bytes) => bytes.map((b) => b ^ 1))),
          };
        });
      },
    };
    const [found] = (await differences(wrong, questions)).filter((d) => d.question.spec.ops.length > 3);
    const small = await new Shrinker(python!, wrong).shrink(found!);
    expect(namesOf(small.question.spec)).toBe('MUL');
    expect(small.question.sets).toHaveLength(1);
    expect(small.question.sets[0]!.every((bytes) => bytes.every((b) => b === 0))).toBe(true);
  });
});
