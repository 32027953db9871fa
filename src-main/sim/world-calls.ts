/** What the product's side of the simulated world asks of it, in this thread or across to the worker's. */
import type { CodeCounts } from './code-counts.ts';
import type { WasmModule } from './pico/core/core.ts';
import type { RamPage, Uf2Page } from './pico/uf2.ts';
import type { AdvanceReply, AdvanceRequest, WireName, World, WorldOptions } from './world.ts';

export type WorldCall =
  | { readonly call: 'advance'; readonly request: AdvanceRequest }
  | { readonly call: 'write'; readonly wire: WireName; readonly bytes: Uint8Array }
  | { readonly call: 'setBaud'; readonly wire: 'dut' | 'uart1' | 'usb'; readonly baud: number }
  | { readonly call: 'program'; readonly pages: readonly Uf2Page[] }
  | { readonly call: 'loadRam'; readonly pages: readonly RamPage[] }
  | { readonly call: 'reset' | 'unplugMonitor' }
  | { readonly call: 'setUsbPlugged'; readonly plugged: boolean }
  | { readonly call: 'startCodeCounts'; readonly operators: number | null }
  | { readonly call: 'takeCodeCounts' }
  | { readonly call: 'chargeC' | 'energyJ'; readonly fromUs: number; readonly toUs: number };

export type WorldAnswer = AdvanceReply | CodeCounts | boolean | number | undefined;

/** Carries one call out. The only place that maps calls to the world, for the worker and for this thread. */
export function carryOut(world: World, c: WorldCall): WorldAnswer {
  switch (c.call) {
    case 'advance':
      return world.advance(c.request);
    case 'write':
      return void world.write(c.wire, c.bytes);
    case 'setBaud':
      return void world.setBaud(c.wire, c.baud);
    case 'program':
      return void world.program(c.pages);
    case 'loadRam':
      return world.loadRam(c.pages);
    case 'reset':
      return world.reset();
    case 'unplugMonitor':
      return void world.unplugMonitor();
    case 'setUsbPlugged':
      return void world.setUsbPlugged(c.plugged);
    case 'startCodeCounts':
      return void world.startCodeCounts(c.operators);
    case 'takeCodeCounts':
      return world.takeCodeCounts();
    case 'chargeC':
      return world.chargeC(c.fromUs, c.toUs);
    case 'energyJ':
      return world.energyJ(c.fromUs, c.toUs);
  }
}

/** Calls whose answer goes back over the wire; the others are silent. */
export function isAsked(call: WorldCall): boolean {
  return ['advance', 'takeCodeCounts', 'loadRam', 'reset', 'chargeC', 'energyJ'].includes(call.call);
}

/** What a worker starts with. */
export interface WorldWorkerData {
  readonly options: WorldOptions;
  readonly core: WasmModule;
}
