import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { orThrow } from '../../../src-main/base/errors.ts';
import { TracePlaces } from '../../../src-main/contract/index.ts';
import { createCore } from '../../../src-main/core.ts';
import { levelsFromEdges } from '../../../src-main/core/levels-from-edges.ts';
import { placesOf } from '../../../src-main/core/trace-places.ts';
import { WindowIndex } from '../../../src-main/core/window-index.ts';
import type { EdgeRecord, GapRecord, MarkRecord } from '../../../src-main/trace/format.ts';
import type { ChunkSource } from '../../../src-main/trace/chunk-store.ts';
import { windowsOf } from '../../../src-main/trace/windows.ts';
import { Rng } from '../../../src-main/base/rng.ts';

const folder = mkdtempSync(join(tmpdir(), 'places-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let serial = 0;
const openCore = async () =>
  orThrow(
    await createCore({ dbPath: join(folder, `${serial++}`, 'mj.db'), nowIso: () => '2001-02-03T04:05:06Z' }),
  );

interface Known {
  length: number;
  readonly edges: EdgeRecord[];
  readonly gaps: readonly GapRecord[];
  readonly marks: readonly MarkRecord[];
}

/** A source that knows only what points at places. */
function sourceOf(known: Known): ChunkSource {
  const within = <T>(rows: readonly T[], at: (row: T) => number, from: number, to: number) =>
    rows.filter((r) => at(r) >= from && at(r) < to);
  return {
    header: { logicMask: 0b11 },
    lengthSamples: () => known.length,
    edges: (channel: number, from: number, to: number, limit = Infinity) => ({
      ok: true,
      value: within(known.edges, (e) => e.sample, from, to)
        .filter((e) => e.channel === channel)
        .slice(0, limit),
    }),
    gaps: (from: number, to: number) => ({
      ok: true,
      value: known.gaps.filter((g) => g.firstSample < to && g.firstSample + g.missing > from),
    }),
    marks: (from: number, to: number) => ({
      ok: true,
      value: within(known.marks, (m) => m.sample, from, to),
    }),
  } as unknown as ChunkSource;
}

function edgesOf(count: number, seed: number, channel = 0): EdgeRecord[] {
  const rng = new Rng(seed);
  let at = 0;
  return Array.from({ length: count }, (_, i) => ({
    sample: (at += 1 + Math.floor(rng.float() * 50)),
    channel,
    level: ((i + 1) % 2) as 0 | 1,
    uncertainSamples: 1,
  }));
}

describe('the index of windows', () => {
  it('finds what pairing all edges finds, also while the trace grows and across its reads', () => {
    const edges = edgesOf(45_001, 3);
    const known: Known = { length: 0, edges, gaps: [], marks: [] };
    const index = new WindowIndex(sourceOf(known));
    const last = edges.at(-1)!.sample + 1;
    for (const length of [0, 17, 1000, last >> 1, last]) {
      known.length = length;
      const pairs = windowsOf(edges.filter((e) => e.sample < length));
      expect(orThrow(index.all())).toEqual(pairs);
    }
    const all = windowsOf(edges);
    for (const [from, to] of [
      [0, 100],
      [12_345, 13_000],
      [last - 10, last],
    ] as const)
      expect(orThrow(index.within(from, to))).toEqual(
        all.filter((w) => w.startSample < to && w.endSample > from),
      );
  });

  it('leaves out a window whose beginning was not seen', () => {
    const edges: EdgeRecord[] = [
      { sample: 0, channel: 0, level: 1, uncertainSamples: Number.MAX_SAFE_INTEGER },
      { sample: 10, channel: 0, level: 0, uncertainSamples: 1 },
      { sample: 20, channel: 0, level: 1, uncertainSamples: 1 },
      { sample: 30, channel: 0, level: 0, uncertainSamples: 1 },
    ];
    const index = new WindowIndex(sourceOf({ length: 40, edges, gaps: [], marks: [] }));
    expect(orThrow(index.all()).map((w) => [w.ordinal, w.startSample])).toEqual([[0, 20]]);
  });
});

describe('places of a picture', () => {
  const length = 1_000_000;
  const gaps = Array.from({ length: 5000 }, (_, i) => ({
    firstSample: i * 200,
    missing: 3,
    cause: 'lost' as const,
  }));
  const marks = Array.from({ length: 4000 }, (_, i) => ({
    sample: i * 250,
    kind: i % 2 ? 'a' : 'b',
    detail: '',
  }));
  const known = { length, edges: edgesOf(20_000, 5), gaps, marks };
  const at = (from: number, to: number, columns: number) => {
    const source = sourceOf(known);
    return TracePlaces.parse(orThrow(placesOf(source, new WindowIndex(source), [], { from, to, columns })));
  };

  it('are bounded by the columns, and none is left out', () => {
    const places = at(0, length, 500);
    expect(places.windows).toBeNull();
    expect(places.windowCount).toBe(windowsOf(known.edges).length);
    expect(places.gaps.length).toBeLessThanOrEqual(500);
    expect(places.gaps.reduce((n, g) => n + g.missing, 0)).toBe(15_000);
    expect(places.gaps.reduce((n, g) => n + g.count, 0)).toBe(5000);
    expect(places.marks.length).toBeLessThanOrEqual(2 * 500);
    expect(places.marks.reduce((n, m) => n + m.count, 0)).toBe(4000);
    // every gap lies in one of those that stand for it
    for (const g of gaps)
      expect(
        places.gaps.some((p) => p.firstSample <= g.firstSample && p.endSample >= g.firstSample + 3),
      ).toBe(true);
  });

  it('are each for itself where the picture has room', () => {
    const places = at(100_000, 101_000, 1000);
    expect(places.gaps).toEqual(
      [100_000, 100_200, 100_400, 100_600, 100_800].map((s) => ({
        firstSample: s,
        endSample: s + 3,
        missing: 3,
        cause: 'lost',
        count: 1,
      })),
    );
    expect(places.windows!.length).toBe(places.windowCount);
  });
});

describe('levels of a trace whose words carry none', () => {
  it('are those of a scan over its edges', () => {
    const edges = [...edgesOf(200, 7), ...edgesOf(60, 9, 1)].sort((a, b) => a.sample - b.sample);
    const length = edges.at(-1)!.sample + 20;
    const levelAt = (channel: number, sample: number) =>
      edges.findLast((e) => e.channel === channel && e.sample <= sample)?.level ?? 0;
    const borders = Float64Array.from(
      { length: 301 },
      (_, k) => 100 + Math.floor((k * (length - 100)) / 300),
    );
    const or = new Uint8Array(300);
    const and = new Uint8Array(300).fill(255);
    orThrow(levelsFromEdges(sourceOf({ length, edges, gaps: [], marks: [] }), { borders, or, and }));
    for (let k = 0; k < 300; k++)
      for (const channel of [0, 1]) {
        let some = 0;
        let all = 1;
        for (let s = borders[k]!; s < borders[k + 1]!; s++) {
          some |= levelAt(channel, s);
          all &= levelAt(channel, s);
        }
        if (borders[k] === borders[k + 1]) continue;
        expect((or[k]! >> channel) & 1, `column ${k} channel ${channel}`).toBe(some);
        expect((and[k]! >> channel) & 1, `column ${k} channel ${channel}`).toBe(all);
      }
  });
});

describe('traces by id', () => {
  it('are found while they are recorded and afterwards; paths are refused', async () => {
    await using core = await openCore();
    const stop = new AbortController();
    const lengths: number[] = [];
    let id = '';
    const summary = orThrow(
      await core.record(
        { monitor: 'emulated' },
        {
          signal: stop.signal,
          followed: true,
          onTrace: (traceId) => (id = traceId),
          onStatus: (status) => {
            const known = orThrow(core.trace.knownId(id));
            const info = orThrow(core.trace.info(known));
            expect(info).toMatchObject({ id, state: 'recording' });
            // what the status says can be read at that very moment
            expect(info.lengthSamples).toBe(status.committedSamples);
            lengths.push(info.lengthSamples);
            if (lengths.length > 2) stop.abort();
          },
        },
      ),
    );
    expect(summary.trace.id).toBe(id);
    expect(lengths[2]).toBeGreaterThan(lengths[0]!);
    expect(summary.trace.supplies).toMatchObject([{ sample: 0, volts: 3.3 }]);
    expect(orThrow(core.trace.info(orThrow(core.trace.knownId(id)))).state).toBe('complete');
    for (const name of [summary.trace.path, '../x', '/etc/passwd', 'none', '.', ''])
      expect(core.trace.knownId(name)).toMatchObject({ ok: false, id: 'trace.not-known' });
    // a file under another name is found by the id it keeps
    copyFileSync(summary.trace.path, join(folder, 'copy.mjtrace'));
    await using other = await openCore();
    const adopted = orThrow(
      await other.importTrace({ file: join(folder, 'copy.mjtrace'), overwrite: false }),
    );
    expect(adopted).toMatchObject({ format: 'mjtrace', dropped: [], trace: { id } });
    expect(adopted.trace.lengthSamples).toBe(summary.trace.lengthSamples);
    expect(orThrow(other.trace.knownId(id))).toBe(id);
    expect(await other.importTrace({ file: join(folder, 'copy.mjtrace'), overwrite: false })).toMatchObject({
      ok: false,
      id: 'trace.already-here',
    });
    // a database that is no trace
    writeFileSync(join(folder, 'no.mjtrace'), 'SQLite format 3\0'.padEnd(4096, 'x'));
    expect(await other.importTrace({ file: join(folder, 'no.mjtrace'), overwrite: false })).toMatchObject({
      ok: false,
    });
  });
});
