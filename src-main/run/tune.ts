import type { Failure, Result } from '../base/errors.ts';
import { failed, orAborted, type RunContext } from './context.ts';
import { inputOf } from './inputs.ts';
import type { Device } from './ports.ts';
import { inferencesFor, latencyByHostClock, latencyByProfile, latencyByTimer } from './tuning.ts';

/** Finds N so that a window lasts `windowS`, once a run, and stores it. */
export async function tune(run: RunContext, device: Device): Promise<Failure | null> {
  const { state } = run;
  if (run.ports.bench.target.unit === 'instructions') {
    state.inferences = 1; // a window has no duration that could be met
    return failed(run.ports.store.saveTuning(state.runId, state.inferences));
  }
  const input = inputOf(run.ports.inputs, 0);
  if (!input.ok) return input;
  const loaded = await orAborted(device.load(input.value.bytes, run.step()), run.signal);
  if (!loaded.ok) return loaded;
  const latencyUs = await orAborted(measureLatency(run, device), run.signal);
  if (!latencyUs.ok) return latencyUs;
  // `mj prof` times each operator and so reads a little long; the margin covers it
  const margin = state.plan.mode === 'energy' ? 1.02 : 1.005;
  state.inferences = inferencesFor(state.plan.windowS * 1e6, latencyUs.value, margin);
  return failed(run.ports.store.saveTuning(state.runId, state.inferences));
}

async function measureLatency(run: RunContext, device: Device): Promise<Result<number>> {
  const { plan, identity } = run.state;
  if (plan.mode === 'performance') return latencyByTimer(device, plan.warmUp, run.step());
  if (!identity!.hasMj || identity!.clockHz === null)
    return latencyByHostClock(device, run.ports.clock, run.step());
  return latencyByProfile(device, identity!.clockHz, run.step());
}
