import { z } from 'zod';

/**
 * Addresses that a page may give: a serial port or `tcp://host:port`. A command line of one's own may also start a program
 * (`process:…`); a page never does.
 */
const PLACE = String.raw`(?:COM\d{1,3}|/[^\p{Cc}]+|\\\\\.\\[^\p{Cc}]+|tcp://[^\s/]+:\d{1,5}/?)`;
const KIND = String.raw`[a-z][a-z0-9]*(?:@\d+k?)?`;

const portPattern = new RegExp(`^${PLACE}$`, 'iu');
const monitorPattern = new RegExp(`^(?:${KIND}|(?:${KIND}:)?${PLACE})$`, 'iu');

const HINT = 'Write it as /dev/ttyACM0, COM3 or tcp://host:port.';

/**
 * Of a microphone, as `arecord -L` lists them: a name with plain arguments. ALSA's own syntax can also write files and start
 * programs (`file:"|COMMAND"`); a page never does.
 */
export const SoundDevice = z
  .string()
  .trim()
  .max(200)
  .regex(
    /^(?!file|tee)(?:[a-z][\w-]*(?::[\w=,.-]*)?)?$/i,
    'Write it as arecord -L lists it, like plughw:CARD=PCH,DEV=0.',
  );

/** Of a board's UART. */
export const PortAddress = z.string().trim().min(1).max(256).regex(portPattern, HINT);
/** Of a monitor: an address, `KIND:ADDRESS`, `KIND@RATE:ADDRESS`, or the kind alone. */
export const MonitorAddress = z.string().trim().min(1).max(256).regex(monitorPattern, HINT);
