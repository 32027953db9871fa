import { fail, type Failure } from '../base/errors.ts';
import type { Link } from '../link/link.ts';

/** The failures that every monitor's driver has. */

export function linkLost(link: Pick<Link, 'address'>, reason: string): Failure {
  return fail(
    'monitor.link-lost',
    { address: link.address, reason },
    'The monitor was unplugged or its port was taken away.',
    'Plug it in again and repeat.',
  );
}

export function alreadyStreams(): Failure {
  return fail('monitor.streaming', {}, 'This monitor already streams.', 'Stop that recording first.');
}

export function changedInStream(): Failure {
  return fail(
    'monitor.streaming',
    {},
    'The voltage is part of the calibration and cannot change in mid-stream.',
    'Stop the recording first.',
  );
}

export function noSupplySet(): Failure {
  return fail(
    'monitor.no-supply',
    {},
    'The supply voltage is not set; current alone gives no energy.',
    'Set the supply voltage before recording.',
  );
}

export function badVoltage(name: string, millivolts: number, minMv: number, maxMv: number): Failure {
  return fail(
    'monitor.bad-voltage',
    { millivolts, minMv, maxMv },
    `The ${name} cannot give this voltage.`,
    'Choose a whole number of millivolts in its range.',
  );
}

export function cannotSupply(name: string): Failure {
  return fail(
    'monitor.cannot-supply',
    { monitor: name },
    `The ${name} measures a supply that comes from elsewhere; it switches and sets none.`,
    'Supply the board from elsewhere and give the voltage with mode ampere.',
  );
}

export function onlySupplies(name: string): Failure {
  return fail(
    'monitor.no-ampere-mode',
    { monitor: name },
    `The ${name} measures only what it supplies itself.`,
    'Use it as the source, or another monitor.',
  );
}

export function silent(link: Pick<Link, 'address'>, waitedS: number): Failure {
  return fail(
    'monitor.silent',
    { address: link.address, waitedS },
    'The monitor stopped sending in mid-stream: it hangs, or the system stopped its port.',
    'Unplug it, plug it in again and repeat.',
  );
}
