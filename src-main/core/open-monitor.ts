import { WallClock } from '../base/clock.ts';
import { fail, ok, type Result } from '../base/errors.ts';
import { openLink } from '../link/open.ts';
import { listPorts, type PortEntry } from '../link/ports.ts';
import { monitorDescriptor, openMonitor, type OpenMonitorOptions } from '../monitor/catalog.ts';
import type { Monitor } from '../monitor/monitor.ts';
import { openReplay } from '../monitor/replay/driver.ts';
import { TraceFile } from '../store/trace-file.ts';
import { codecsOf } from './codecs.ts';
import { parseMonitor } from './monitor-source.ts';
import { usbPlaceOf } from './usb-place.ts';

/** Without a list nobody knows kinds and serial numbers, and what was said must do. */
async function portsHere(): Promise<readonly PortEntry[]> {
  const ports = await listPorts([]);
  return ports.ok ? ports.value : [];
}

const REPLAY = /^replay:(.+)$/s;

/** A recorded trace, at the pace it was recorded; its file is closed with it. */
function openReplayAt(path: string, options: OpenMonitorOptions): Result<Monitor> {
  const file = TraceFile.open(path);
  if (!file.ok) return file;
  const { header } = file.value;
  const codecs = codecsOf(header);
  if (!codecs.ok) return codecs;
  const accuracy = options.accuracy ?? header.accuracy;
  const replay = accuracy
    ? openReplay({
        source: file.value,
        codec: codecs.value[0]!,
        clock: new WallClock(),
        pace: 'real',
        accuracy,
      })
    : fail(
        'trace.no-accuracy',
        { path },
        'The trace does not say what its readings are worth: an older version recorded it.',
        'Record anew, or look at it with `microjoule trace stats`.',
      );
  if (!replay.ok) file.value[Symbol.dispose]();
  return replay;
}

/**
 * Opens the monitor behind `KIND:ADDRESS` or an address, with its serial number where USB or `options` tell it;
 * `replay:FILE` plays a recorded trace.
 */
export async function openMonitorAt(
  text: string,
  options: OpenMonitorOptions = {},
): Promise<Result<Monitor>> {
  const trace = REPLAY.exec(text)?.[1];
  if (trace !== undefined) return openReplayAt(trace, options);
  const ports = await portsHere();
  const place = parseMonitor(text, ports);
  if (!place.ok) return place;
  const { kind, address, sampleRateHz } = place.value;
  const descriptor = monitorDescriptor(kind);
  if (!descriptor.ok) return descriptor;
  const link = await openLink(address, { clock: new WallClock(), baud: descriptor.value.baud });
  if (!link.ok) return link;
  const serial = options.serial ?? usbPlaceOf(address, ports)?.serial;
  const monitor = await openMonitor(kind, link.value, {
    ...(sampleRateHz === undefined ? {} : { sampleRateHz }),
    ...options,
    ...(serial === undefined ? {} : { serial }),
  });
  if (!monitor.ok) await link.value[Symbol.asyncDispose]();
  return monitor;
}

/** A check is kept for one device: whose number nobody knows has none. */
export function refuseNameless(monitor: Monitor): Result<void> {
  if (monitor.identity.serial !== null) return ok();
  return fail(
    'monitor.no-serial',
    { monitor: monitor.descriptor.name },
    'Nothing tells this monitor from another of its kind, and a check holds for one.',
    'Give it a name with --serial, and the same name in later runs.',
  );
}
