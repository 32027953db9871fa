import { z } from 'zod';
import { emulatedMonitors } from './monitors/twins.ts';
import { FLASH_BYTES, SRAM_BYTES } from './pico/core/core.ts';

const SRAM_START = 0x2000_0000;

const Bytes = z.instanceof(Uint8Array);
const TimeUs = z.number().nonnegative();
const Wire = z.enum(['dut', 'uart1', 'usb', 'monitor']);
const FlashPage = z
  .object({ offset: z.int().nonnegative(), bytes: Bytes })
  .refine((p) => p.offset + p.bytes.length <= FLASH_BYTES);
const RamPage = z
  .object({ address: z.int().min(SRAM_START), bytes: Bytes })
  .refine((p) => p.address + p.bytes.length <= SRAM_START + SRAM_BYTES);

/** Calls that change a world: what a recording holds. */
const Call = z.discriminatedUnion('call', [
  z.object({ call: z.literal('write'), wire: Wire, bytes: Bytes }),
  z.object({
    call: z.literal('setBaud'),
    wire: Wire.exclude(['monitor']),
    baud: z.number().nonnegative(),
  }),
  z.object({ call: z.literal('program'), pages: z.array(FlashPage) }),
  z.object({ call: z.literal('loadRam'), pages: z.array(RamPage) }),
  z.object({ call: z.literal('reset') }),
  z.object({ call: z.literal('unplugMonitor') }),
  z.object({ call: z.literal('setUsbPlugged'), plugged: z.boolean() }),
]);

/** Loose: options of parts (sensors, current model, faults) are not looked into. */
const Options = z.looseObject({
  seed: z.number(),
  monitor: z.enum([...emulatedMonitors, 'none']),
  sliceCycles: z.int().positive().optional(),
  zeroWait: z.boolean().optional(),
  usb: z.boolean().optional(),
  historyUs: z.number().positive().optional(),
  hashEveryUs: z.number().min(1),
  pinMask: z.int().optional(),
});

/**
 * What is checked of a recording before it is believed. Without a hash there is nothing that a replay could be
 * compared with, and calls go forward in time.
 */
export const RecordingFormat = z
  .object({
    format: z.literal(1),
    core: z.string(),
    options: Options,
    calls: z.array(z.object({ atUs: TimeUs, call: Call })),
    hashes: z.array(z.object({ atUs: TimeUs, cycles: z.number(), hash: z.string() })).min(1),
    endUs: TimeUs,
  })
  .refine((r) => r.calls.every((c, i) => c.atUs >= (r.calls[i - 1]?.atUs ?? 0) && c.atUs <= r.endUs));

/** Kinds of calls that are kept. */
export const RECORDED_CALLS: ReadonlySet<string> = new Set(
  Call.options.map((option) => option.shape.call.value),
);
