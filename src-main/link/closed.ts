import { fail, type Failure } from '../base/errors.ts';

/** The far side went away, or we closed it: `link.closed`. */
export function closedFailure(address: string, reason: string, expected: boolean): Failure {
  return expected
    ? fail('link.closed', { address, reason }, 'The link was closed on this side.', 'Open it again to go on.')
    : fail(
        'link.closed',
        { address, reason },
        'The far side went away: unplugged, powered off or ended.',
        'Plug it in again, check power and cable, then resume.',
      );
}

export function writeFailure(address: string, reason: string): Failure {
  return fail(
    'link.write-failed',
    { address, reason },
    'The bytes could not be handed to the link.',
    'Check the cable and the power of the device, then retry.',
  );
}
