import { fail, type Failure } from '../base/errors.ts';
import type { Heard } from './heard.ts';

export interface Waited {
  readonly address: string;
  readonly command: string;
  readonly waitedUs: number;
  readonly baud: number | null;
}

/** Why a command was not answered, from what was heard instead. */
export function diagnoseTimeout(heard: Heard, waited: Waited): Failure {
  const facts = {
    address: waited.address,
    command: waited.command,
    waitedMs: Math.round(waited.waitedUs / 1000),
    baud: waited.baud,
    heardBytes: heard.bytes,
    heard: heard.tail,
  };
  if (heard.bytes === 0)
    return fail(
      'device.no-reply',
      facts,
      'Nothing at all came back: the board is not powered or not running this firmware, it is another port, RX and TX are swapped, or the line rate is wrong.',
      'Press reset on the board and retry; if it stays silent, check the port with `microjoule ports`, the wiring, and the rate (115200 for performance, 9600 for energy).',
    );
  if (heard.garbage)
    return fail(
      'device.garbage',
      facts,
      'Bytes came back, but they are no text: the line rate is wrong (a performance build talks at 115200 baud, an energy build at 9600).',
      'Retry with the other --baud, or let Microjoule try the usual rates.',
    );
  if (heard.interfaceBoard)
    return fail(
      'device.interface-board',
      facts,
      'An interface board answers in front of the device (`[dut]:` or `m-dut-passthrough`).',
      'Select the interface-board connection for this target, or connect the device directly.',
    );
  if (heard.messages > 0)
    return fail(
      'device.unfinished-reply',
      facts,
      'The device speaks, but its answer did not end with m-ready in time: it is slower than expected, or bytes were lost.',
      'Retry; if it happens again, raise the time limit or lower the line rate.',
    );
  return fail(
    'device.not-a-dut',
    facts,
    'Text came back, but none of it is the benchmark dialect: another program runs on the board, or it is another device.',
    'Deploy the firmware to the board, or choose the right port with `microjoule ports`.',
  );
}

export function resetInRun(address: string, command: string, heard: Heard): Failure {
  return fail(
    'device.reset-in-run',
    { address, command, heard: heard.tail },
    'The device printed its boot lines in the middle of a command: it was reset, lost power or crashed.',
    'Check the supply and the watchdog, then resume: finished windows are kept.',
  );
}
