/** What the host says of a device that is configured and then does not keep to the rules. */
import { fail, type Failure } from '../../base/errors.ts';
import type { EnumeratedDevice } from './enumeration.ts';
import type { TransferEnd } from './pipes.ts';

export function noSerial(found: EnumeratedDevice): Failure {
  const { vendorId, productId } = found.device;
  return fail(
    'sim.diagnosis.usb-no-serial',
    { vendorId, productId, interfaces: found.configuration.interfaces.length },
    'The device is configured, but none of its interfaces is a CDC-ACM serial port.',
    'Nothing is carried for this device; add CDC-ACM descriptors if a serial port was meant.',
  );
}

export function repeatedPid(endpoint: number): Failure {
  return fail(
    'sim.diagnosis.usb-repeated-pid',
    { endpoint },
    'Two packets of the endpoint in a row had the same DATA PID: a host takes the second for a repetition and drops it.',
    'Toggle DATA_PID in buffer control with each packet; begin with DATA0 after SET_CONFIGURATION and CLEAR_FEATURE.',
  );
}

export function streamFailure(endpoint: number, isIn: boolean, end: TransferEnd): Failure {
  const facts = { endpoint, direction: isIn ? 'IN' : 'OUT' };
  if (end === 'stalled')
    return fail(
      'sim.diagnosis.usb-stall-loop',
      facts,
      'The endpoint answers STALL again each time its halt was cleared.',
      'Clear the STALL bit of its buffer control on CLEAR_FEATURE(ENDPOINT_HALT), and start with DATA0.',
    );
  if (end === 'babble')
    return fail(
      'sim.diagnosis.usb-babble',
      facts,
      'A packet was longer than the endpoint’s wMaxPacketSize.',
      'Keep LENGTH at wMaxPacketSize or below.',
    );
  return fail(
    'sim.diagnosis.usb-no-answer',
    facts,
    'The endpoint does not answer although the device is configured.',
    'Enable it in endpoint control when SET_CONFIGURATION comes.',
  );
}
