import { describe, expect, it } from 'vitest';
import { fail, orThrow } from '../../../src-main/base/errors.ts';
import { prepare } from '../../../src-main/core.ts';
import { RigBench, type RigBenchOptions } from '../../../src-main/core/rig-bench.ts';
import type { Rig, RigFactory } from '../../../src-main/core/rig.ts';
import { simulatedRigs } from '../../../src-main/core/simulated-rig.ts';
import { MemoryTraceStore } from '../../../src-main/trace/memory-store.ts';
import { newTraceHeader } from '../../../src-main/trace/format.ts';
import { tinyAd } from './core-fixture.ts';

const signal = new AbortController().signal;

function watchedRigs(): { readonly rigs: RigFactory; readonly opened: Rig[] } {
  const opened: Rig[] = [];
  const inner = simulatedRigs(1, 1);
  const seen = async (rig: ReturnType<RigFactory['open']>) => {
    const r = await rig;
    if (r.ok) opened.push(r.value);
    return r;
  };
  return {
    opened,
    rigs: { open: (m) => seen(inner.open(m)), reopen: (old, m, s) => seen(inner.reopen(old, m, s)) },
  };
}

function benchOf(rigs: RigFactory, over: Partial<RigBenchOptions> = {}): RigBench {
  const { image, program } = orThrow(prepare(tinyAd, 'pico-emulated'));
  return new RigBench({
    target: {
      id: 'pico-emulated',
      name: 'Pico',
      source: 'emulated',
      assumptions: [],
      clockPlusMinusPpm: null,
    },
    rigs,
    image,
    program,
    withMonitor: true,
    supplyV: 3.3,
    windowChannel: 0,
    operatorChannels: [1, 2, 3],
    openTrace: async () => fail('trace.write-failed', {}, 'no trace here', 'nothing'),
    nowIso: () => '',
    ...over,
  });
}

describe('the bench of a rig', () => {
  it('lets go of the monitor when the supply cannot be set', async () => {
    const { rigs, opened } = watchedRigs();
    await using bench = benchOf(rigs, { supplyV: 9 });
    expect(await bench.deploy('energy', { signal })).toMatchObject({ ok: false, id: 'monitor.bad-voltage' });
    expect(await opened[0]!.monitor!.write(Uint8Array.of(0x19))).toMatchObject({
      ok: false,
      id: 'link.closed',
    });
  });

  it('keeps the failure of a trace that could not be closed when its monitor went away', async () => {
    const { rigs, opened } = watchedRigs();
    await using bench = benchOf(rigs, {
      openTrace: async (monitor) => {
        const header = newTraceHeader(monitor.streamFormat, { traceId: 't', title: '', source: 'emulated' });
        // the disk is gone with it
        return {
          ok: true,
          value: {
            id: 't',
            path: '/nowhere/t.mjtrace',
            store: new MemoryTraceStore(header),
            close: async () => {},
          },
        };
      },
    });
    orThrow(await bench.deploy('energy', { signal }));
    orThrow(await bench.meter!.openWindow(3, { signal }));
    opened[0]!.unplug!('monitor');
    orThrow(await bench.reconnect({ signal }));
    const warnings = bench.takeWarnings();
    expect(warnings.map((w) => w.id)).toEqual([
      expect.stringMatching(/^(monitor\.link-lost|monitor\.lost|trace\.)/),
    ]);
    expect(bench.takeWarnings()).toEqual([]);
    expect(bench.meter!.traces()).toMatchObject([{ id: 't', sha256: null }]);
  });
});
