import type { SerialPort } from 'serialport';
import type { Clock } from '../base/clock.ts';
import { fail, ok, type Failure, type Result } from '../base/errors.ts';
import type { Link } from './link.ts';
import { portHolders } from './permissions.ts';
import { StreamLink } from './stream-link.ts';

export interface SerialOptions {
  readonly path: string;
  readonly baud: number;
  readonly clock: Clock;
}

/**
 * A serial port, 8N1, no flow control. DTR and RTS are both asserted: USB CDC devices send nothing without DTR,
 * and boards whose reset hangs on the difference of the two lines (ESP) stay out of reset. They are left as they
 * are at close (no HUPCL), so that closing does not reset an Arduino.
 */
export async function openSerial(options: SerialOptions): Promise<Result<Link>> {
  const { path, baud, clock } = options;
  // The native module is loaded by those who open a port, and by nobody else.
  const { SerialPort } = await import('serialport');
  const port = new SerialPort({ path, baudRate: baud, autoOpen: false, hupcl: false, lock: true });
  const refused = await new Promise<Error | null>((resolve) => port.open(resolve));
  if (refused) return openFailure(path, refused.message);
  // A PTY has no modem lines and says so; that is no failure.
  await new Promise<void>((resolve) => port.set({ dtr: true, rts: true }, () => resolve()));
  const link = new StreamLink({
    address: path,
    clock,
    input: port,
    output: port,
    setBaud: (rate) => setBaud(port, path, rate),
    dispose: () => closePort(port),
  });
  port.on('close', (e: Error | null) => link.end(e ? `unplugged: ${e.message}` : 'the port was closed'));
  return ok(link);
}

function setBaud(port: SerialPort, path: string, baud: number): Promise<Result<void>> {
  return new Promise((resolve) => {
    // What was written at the old rate must have left before the rate changes.
    port.drain(() =>
      port.update({ baudRate: baud }, (e) =>
        resolve(
          e
            ? fail(
                'link.bad-baud',
                { address: path, baud, reason: e.message },
                'The adapter cannot do this line rate.',
                'Choose another rate.',
              )
            : ok(),
        ),
      ),
    );
  });
}

function closePort(port: SerialPort): Promise<void> {
  return new Promise((resolve) => {
    if (!port.isOpen) return resolve();
    port.close(() => resolve());
  });
}

/** serialport gives errors as text: errno's words on Unix, its own on Windows. */
function openFailure(path: string, reason: string): Failure {
  const facts = { address: path, reason };
  if (/no such (file|device)|file not found|ENOENT|ENXIO|ENODEV/i.test(reason))
    return fail(
      'link.not-found',
      facts,
      'There is no such port: the board is not plugged in, or it came back under another name.',
      'Plug it in and look with `microjoule ports`.',
    );
  if (/permission denied|EACCES|EPERM|not permitted/i.test(reason))
    return fail(
      'link.permission',
      facts,
      'This user may not open serial ports.',
      'sudo usermod -aG dialout $USER, then log out and in again; `microjoule doctor` checks it.',
    );
  if (/temporarily unavailable|cannot lock|busy|access denied/i.test(reason)) return busy(path, reason);
  return fail(
    'link.open-failed',
    facts,
    'The port could not be opened.',
    'Unplug it, plug it in again and retry; `microjoule doctor` looks for causes.',
  );
}

function busy(path: string, reason: string): Failure {
  const holders = portHolders(path).filter((h) => h.pid !== process.pid);
  const who = holders.map((h) => `${h.program} (${h.pid})`);
  return fail(
    'link.busy',
    { address: path, reason, holders: who },
    `Another program has the port open${who.length > 0 ? `: ${who.join(', ')}` : ''}.`,
    'Close that program (a serial monitor, another bench, ModemManager) and retry.',
  );
}
