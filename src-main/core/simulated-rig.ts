import { fail, ok, type Result } from '../base/errors.ts';
import type { MonitorFaults } from '../sim/monitors/faults.ts';
import type { EmulatedMonitor } from '../sim/monitors/twins.ts';
import type { RunRecording } from '../sim/replay.ts';
import { openSimulatedBench, type SimulatedBench } from '../sim/simulated-bench.ts';
import type { Rig, RigFactory } from './rig.ts';

export interface Emulation {
  /** The core never waits for flash or bus: for comparisons. */
  readonly zeroWait?: boolean;
  /** What goes wrong with the monitor, by samples and bytes of its stream. For tests. */
  readonly monitorFaults?: MonitorFaults;
  /** Gets everything the board was given, when a rig is closed: `replay` lets the run happen again from it. */
  readonly onRecording?: (recording: RunRecording) => void;
}

/** Between two hashes of the recorded board's state, virtual µs. */
const HASH_EVERY_US = 100_000;

function wires(bench: SimulatedBench): readonly ('dut' | 'monitor')[] {
  return bench.monitor ? ['dut', 'monitor'] : ['dut'];
}

/**
 * The emulated Pico, with an emulated monitor in its supply for energy runs. `operators` of the plan: the current model
 * gives each operator its own factor, the same in every inference. A pulled cable is plugged in again as soon as
 * somebody waits for it.
 */
export function simulatedRigs(
  seed: number,
  operators: number,
  monitorKind: EmulatedMonitor = 'ppk2',
  emulation: Emulation = {},
): RigFactory {
  const benches = new WeakMap<Rig, SimulatedBench>();
  const pulled = new Set<'dut' | 'monitor'>();
  const rigOf = (bench: SimulatedBench): Rig => {
    const { clock, dut, monitor, programmer } = bench;
    const rig: Rig = {
      clock,
      dut,
      monitor,
      monitorKind: monitor ? monitorKind : null,
      programmer,
      serials: { board: 'emulated', monitor: monitor ? 'emulated' : null },
      unplug(wire) {
        pulled.add(wire);
        bench.unplug(wire);
      },
      [Symbol.asyncDispose]: () => {
        const recording = bench.recording();
        if (recording) emulation.onRecording?.(recording);
        return bench[Symbol.asyncDispose]();
      },
    };
    benches.set(rig, bench);
    return rig;
  };
  return {
    async open(withMonitor) {
      const bench = await openSimulatedBench({
        seed,
        monitor: withMonitor ? monitorKind : 'none',
        currentModel: { operatorsPerInference: operators },
        ...(emulation.zeroWait ? { zeroWait: true } : {}),
        ...(emulation.monitorFaults ? { monitorFaults: emulation.monitorFaults } : {}),
        ...(emulation.onRecording ? { recordHashUs: HASH_EVERY_US } : {}),
      });
      if (!bench.ok) return bench;
      if (withMonitor && !bench.value.monitor)
        return fail(
          'sim.no-monitor',
          {},
          'The simulated world came without its monitor.',
          'This is a bug of Microjoule; please report it.',
        );
      return ok(rigOf(bench.value));
    },
    async reopen(old): Promise<Result<Rig>> {
      const bench = benches.get(old)!;
      if (pulled.size === 0)
        return (
          bench.fault ??
          fail(
            'device.lost',
            { address: old.dut.address },
            'The connection to the emulated board is gone.',
            'Start the run again with --resume.',
          )
        );
      // all links are new, as on a real bench: nobody may still read from an old one
      for (const wire of wires(bench)) {
        if (!pulled.has(wire)) bench.unplug(wire);
        bench.replug(wire);
      }
      pulled.clear();
      return ok(rigOf(bench));
    },
  };
}
