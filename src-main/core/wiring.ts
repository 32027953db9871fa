import { fail, ok, type Result } from '../base/errors.ts';
import { qemuRigs } from './qemu-rig.ts';
import { realRigs } from './real-rig.ts';
import type { Rig, RigFactory } from './rig.ts';
import { emulatedMonitors } from '../sim/monitors/twins.ts';
import { simulatedRigs, type Emulation } from './simulated-rig.ts';
import type { TargetDescriptor } from './targets.ts';

/** Where a run finds its hardware; the emulated bench needs none of it. */
export interface Wiring {
  /** Address of the board's UART. */
  readonly port?: string;
  /** The power monitor: `KIND:ADDRESS` or an address; of an emulated target only the kind that is to be emulated. */
  readonly monitor?: string;
  /** Folders that hold mounted volumes, where the board's boot drive is not found by itself. */
  readonly mountFolders?: readonly string[];
  /** Of an emulated target only. */
  readonly emulation?: Emulation;
  /** Sees every rig that is opened or opened again: a test pulls its cables. */
  readonly onRig?: (rig: Rig) => void;
}

/**
 * The emulated hardware where no plan names another. Never the seed of the inputs: other inputs must meet the same
 * board.
 */
export const DEFAULT_WORLD_SEED = 1;

/** `operators` of the plan: the simulated current model gives each its own factor. */
export function rigsFor(
  target: TargetDescriptor,
  wiring: Wiring,
  world: { readonly seed: number; readonly operators: number },
): Result<RigFactory> {
  const rigs = factoryOf(target, wiring, world);
  return rigs.ok && wiring.onRig ? ok(watched(rigs.value, wiring.onRig)) : rigs;
}

function factoryOf(
  target: TargetDescriptor,
  wiring: Wiring,
  world: { readonly seed: number; readonly operators: number },
): Result<RigFactory> {
  if (!target.needsPort) {
    const kind = emulatedMonitors.find((k) => k === wiring.monitor);
    if (wiring.port !== undefined || (wiring.monitor !== undefined && kind === undefined))
      return fail(
        'cli.option-not-here',
        { target: target.id, port: wiring.port ?? null, monitor: wiring.monitor ?? null },
        'This target is emulated: nothing is plugged in anywhere.',
        'Name a real target with --target, or leave --port out and let --monitor be a kind: ppk2, lpm01a.',
      );
    if (target.emulator === 'qemu') return ok(qemuRigs(target.board));
    return ok(simulatedRigs(world.seed, world.operators, kind, wiring.emulation));
  }
  if (wiring.emulation)
    return fail(
      'cli.option-not-here',
      { target: target.id },
      'This target is a real board: how it is emulated does not apply.',
      'Leave --zero-wait and --record-input out, or choose --target pico-emulated.',
    );
  if (wiring.port === undefined)
    return fail(
      'cli.no-port',
      { target: target.id },
      'This target is a real board.',
      'Name its port with --port; `microjoule ports` lists them.',
    );
  const { port, monitor, mountFolders } = wiring;
  return ok(
    realRigs({
      board: target.board,
      port,
      monitorPort: monitor ?? null,
      ...(mountFolders ? { mountFolders } : {}),
    }),
  );
}

function watched(rigs: RigFactory, onRig: (rig: Rig) => void): RigFactory {
  const seen = (rig: Result<Rig>): Result<Rig> => {
    if (rig.ok) onRig(rig.value);
    return rig;
  };
  return {
    open: async (withMonitor) => seen(await rigs.open(withMonitor)),
    reopen: async (old, withMonitor, signal) => seen(await rigs.reopen(old, withMonitor, signal)),
  };
}
