import { fail, ok } from '../base/errors.ts';
import { openSimulatedBench } from '../sim/simulated-bench.ts';
import type { RigFactory } from './rig.ts';

/**
 * The emulated Pico, with the emulated PPK2 in its supply for energy runs. `operators` of the plan: the current model
 * gives each operator its own factor, the same in every inference.
 */
export function simulatedRigs(seed: number, operators: number): RigFactory {
  return {
    async open(withMonitor) {
      const bench = await openSimulatedBench({ seed, monitor: withMonitor ? 'ppk2' : 'none', currentModel: { operatorsPerInference: operators } });
      if (!bench.ok) return bench;
      const { clock, dut, monitor, programmer } = bench.value;
      if (withMonitor && !monitor)
        return fail('sim.no-monitor', {}, 'The simulated world came without its monitor.', 'This is a bug of Microjoule; please report it.');
      return ok({ clock, dut, monitor, programmer, [Symbol.asyncDispose]: () => bench.value[Symbol.asyncDispose]() });
    },
  };
}
