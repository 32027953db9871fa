import type { Clock } from '../base/clock.ts';
import { fail, unreachable, type Result } from '../base/errors.ts';
import { parseAddress } from './address.ts';
import type { Link } from './link.ts';
import { openProcess } from './process.ts';
import { openSerial } from './serial.ts';
import { openTcp } from './tcp.ts';

export interface OpenLinkOptions {
  readonly clock: Clock;
  readonly baud: number;
  /** How `sim:NAME` is opened; the simulated world is not known here. */
  readonly openSimulated?: (name: string) => Promise<Result<Link>>;
}

/** Opens whatever the address names. */
export async function openLink(address: string, options: OpenLinkOptions): Promise<Result<Link>> {
  const parsed = parseAddress(address);
  if (!parsed.ok) return parsed;
  const where = parsed.value;
  switch (where.kind) {
    case 'serial':
      return openSerial({ path: where.path, baud: options.baud, clock: options.clock });
    case 'tcp':
      return openTcp(where.host, where.port, options.clock);
    case 'process':
      return openProcess(where.program, where.args, options.clock);
    case 'sim':
      return (
        options.openSimulated?.(where.name) ??
        fail(
          'link.no-simulation',
          { address },
          'There is no simulated world behind this command.',
          'Use --target pico-emulated instead.',
        )
      );
    default:
      return unreachable(where);
  }
}
