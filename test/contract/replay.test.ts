/** A run on the emulated board happens again, state for state, from what it was given. */
import { describe, expect, it } from 'vitest';
import { orThrow } from '../../src-main/base/errors.ts';
import { openSession } from '../../src-main/device/session.ts';
import { openPpk2 } from '../../src-main/monitor/ppk2/driver.ts';
import { parseRecording, recordingText, replay, type RunRecording } from '../../src-main/sim/replay.ts';
import { openSimulatedBench, type SimulatedBenchOptions } from '../../src-main/sim/simulated-bench.ts';
import { tinyImage } from '../unit/sim/firmware-image.ts';

const HASH_US = 10_000;

/** Boot, load an input, infer twice; with a monitor that supplies the board and streams meanwhile. */
async function recorded(options: Partial<SimulatedBenchOptions>): Promise<RunRecording> {
  const { uf2, inputBytes } = tinyImage();
  await using bench = orThrow(
    await openSimulatedBench({ seed: 3, monitor: 'none', recordHashUs: HASH_US, ...options }),
  );
  if (bench.monitor) {
    const monitor = orThrow(await openPpk2(bench.monitor));
    orThrow(await monitor.setSupply({ mode: 'source', millivolts: 3300 }));
    orThrow(await monitor.setDutPower(true));
  }
  orThrow(await bench.programmer.program(uf2));
  const session = orThrow(
    await openSession(bench.dut, { baud: 115_200, mode: 'performance', bootUs: 1_000_000 }),
  );
  orThrow(await session.loadInput(Uint8Array.from({ length: inputBytes }, (_, i) => i * 7)));
  orThrow(await session.infer(3, 1));
  await bench.clock.sleepUntilUs(bench.clock.nowUs() + 50_000);
  return bench.recording()!;
}

describe('replay', () => {
  it.each([
    ['in this thread', { inProcess: true }],
    ['in a worker', {}],
    ['in slices of 977 cycles', { inProcess: true, sliceCycles: 977 }],
    ['with a power monitor', { monitor: 'ppk2' as const }],
  ])('repeats a run that was recorded %s', async (_name, options) => {
    const recording = await recorded(options);
    expect(recording.hashes.length).toBeGreaterThan(20);
    expect(new Set(recording.hashes.map((h) => h.hash)).size).toBeGreaterThan(10);
    const again = orThrow(await replay(orThrow(parseRecording(recordingText(recording)))));
    expect(again).toMatchObject({
      compared: recording.hashes.length,
      difference: null,
      endUs: recording.endUs,
      otherCore: false,
    });
  });

  it('one changed bit of input shows at the next hash', async () => {
    const recording = await recorded({ inProcess: true });
    const at = recording.calls.findLastIndex((c) => c.call.call === 'write');
    const changed = recording.calls.map((c, i) => {
      if (i !== at || c.call.call !== 'write') return c;
      const bytes = c.call.bytes.slice();
      bytes[0]! ^= 1;
      return { ...c, call: { ...c.call, bytes } };
    });
    const outcome = orThrow(await replay({ ...recording, calls: changed }));
    expect(outcome.difference).not.toBeNull();
    const before = recording.calls[at]!.atUs;
    expect(outcome.difference!.atUs).toBeGreaterThanOrEqual(before);
    expect(outcome.difference!.atUs).toBeLessThan(before + 3 * HASH_US);
  });

  it('a recording of another core says so', async () => {
    const recording = await recorded({ inProcess: true });
    expect(orThrow(await replay({ ...recording, core: 'another' })).otherCore).toBe(true);
  });

  it('can be stopped', async () => {
    const recording = await recorded({ inProcess: true });
    const stopped = await replay(recording, { signal: AbortSignal.abort() });
    expect(stopped).toMatchObject({ ok: false, id: 'run.interrupted' });
  });

  it('refuses what is no recording', () => {
    const board = '"core":"x","options":{"seed":1,"monitor":"none","hashEveryUs":1000}';
    const hashes = '"hashes":[{"atUs":1000,"cycles":1,"hash":"0"}]';
    const calling = (call: string) =>
      `{"format":1,${board},${hashes},"endUs":2000,"calls":[{"atUs":1,"call":${call}}]}`;
    expect(parseRecording(calling('{"call":"reset"}')).ok).toBe(true);
    for (const text of [
      '',
      '{',
      '{}',
      '[]',
      '{"format":1}',
      '{"format":1,"calls":[{}],"hashes":[],"endUs":1}',
      calling('{"call":"advance"}'),
      calling('{"call":"write"}'),
      calling('{"call":"write","wire":"elsewhere","bytes":{"$bytes":""}}'),
      calling('{"call":"setBaud","wire":"dut","baud":"fast"}'),
      calling('{"call":"program","pages":[{"offset":-5,"bytes":{"$bytes":""}}]}'),
      calling('{"call":"program","pages":[{"offset":2097151,"bytes":{"$bytes":"AAAA"}}]}'),
      calling('{"call":"loadRam","pages":[{"address":4096,"bytes":{"$bytes":"AAAA"}}]}'),
      // backwards in time; nothing to compare; an interval that never passes
      calling('{"call":"reset"}').replace('"atUs":1,', '"atUs":3000,'),
      calling('{"call":"reset"}').replace(hashes, '"hashes":[]'),
      calling('{"call":"reset"}').replace('"hashEveryUs":1000', '"hashEveryUs":-1'),
      calling('{"call":"reset"}').replace(/"options":\{[^}]*\}/, '"options":null'),
      calling('{"call":"reset"}').replace('"none"', '"voltmeter"'),
    ])
      expect(parseRecording(text), text).toMatchObject({ ok: false, id: 'sim.bad-recording' });
  });
});
