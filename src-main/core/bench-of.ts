import type { Monitor } from '../monitor/monitor.ts';
import type { CheckedMonitor } from './checked-accuracy.ts';
import type { Prepared } from './prepare.ts';
import { RigBench } from './rig-bench.ts';
import type { RigFactory } from './rig.ts';
import { newTraceFile } from './trace-recording.ts';

/** A crystal's usual tolerance with temperature, ±; the Pico's 12 MHz crystal is specified at ±30 ppm. */
const CRYSTAL_PPM = 30;

export interface BenchOf {
  readonly rigs: RigFactory;
  readonly withMonitor: boolean;
  readonly supplyV: number;
  readonly tracesDir: string;
  readonly checked: (monitor: Monitor) => CheckedMonitor | null;
  readonly nowIso: () => string;
  /** Whenever a trace is begun. */
  readonly onTrace?: ((traceId: string) => void) | undefined;
}

/** The bench of a model that was made ready for its target. Its owner disposes it. */
export function benchOf({ model, program, image, target }: Prepared, of: BenchOf): RigBench {
  return new RigBench({
    target: {
      id: target.id,
      name: target.name,
      source: target.source,
      assumptions: target.assumptions,
      unit: target.board.unit,
      clockPlusMinusPpm: target.source === 'emulated' ? null : CRYSTAL_PPM,
    },
    rigs: of.rigs,
    image,
    program,
    withMonitor: of.withMonitor,
    supplyV: of.supplyV,
    windowChannel: target.board.pins.window.channel,
    operatorChannels: target.board.pins.operator.map((pin) => pin.channel),
    openTrace: async (monitor, accuracy) => {
      const file = await newTraceFile(of.tracesDir, monitor, model.name, target, accuracy);
      if (file.ok) of.onTrace?.(file.value.id);
      return file;
    },
    checked: of.checked,
    nowIso: of.nowIso,
  });
}
