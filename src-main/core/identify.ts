import { WallClock } from '../base/clock.ts';
import type { Result } from '../base/errors.ts';
import type { DeviceIdentity } from '../contract/index.ts';
import { openSession } from '../device/session.ts';
import { openLink } from '../link/open.ts';
import { listPorts } from '../link/ports.ts';
import { UNKNOWN } from '../run/state.ts';
import { SessionDevice } from './device-adapter.ts';
import { boards } from './targets.ts';
import { usbPlaceOf } from './usb-place.ts';

/** Performance images talk at the first rate, energy images at the second. */
const BAUDS = [115_200, 9600] as const;

/** Opens a port, asks the board there who it is, closes it. `link.*`, `device.*`. */
export async function identify(port: string): Promise<Result<DeviceIdentity>> {
  const link = await openLink(port, { clock: new WallClock(), baud: BAUDS[0] });
  if (!link.ok) return link;
  await using opened = link.value;
  const session = await openSession(opened, { baud: BAUDS[0], otherBauds: [BAUDS[1]] });
  if (!session.ok) return session;
  await using talk = session.value;
  const ports = await listPorts(boards);
  const place = usbPlaceOf(port, ports.ok ? ports.value : []);
  return await new SessionDevice(talk, {
    boardSerial: place?.serial ?? UNKNOWN,
    baud: BAUDS[0],
  }).identity();
}
