/** How long things take on a full-speed bus as this host drives it. Bit times are of 1/12 µs. */
import type { UsbAnswer } from './device-port.ts';
import { BITS_PER_US, HANDSHAKE_BITS, longestDataBits } from './packets.ts';
import type { Pipe } from './pipes.ts';

export const FRAME_US = 1000;
/** TATTDB, TDRSTR, TRSTRCY, TDRSMDN, TRSMRCY: USB 2.0 table 7-14. */
export const DEBOUNCE_US = 100_000;
export const RESET_US = 50_000;
export const RECOVERY_US = 10_000;
export const RESUME_US = 20_000;
export const RESUME_RECOVERY_US = 10_000;
/**
 * Gaps, in bit times. Between two packets of the host 2 (7.1.18.1), before an answer 7.5 (7.1.19), before the host's own
 * handshake 5.5; what remains of 15 follows the transaction, so that 64 bytes without stuffing take the 616 bit times of
 * table 5-9 and 19 of them fit a frame.
 */
export const GAP_BITS = 2;
export const ANSWER_BITS = 7.5;
export const HANDSHAKE_GAP_BITS = 5.5;
export const GAPS_BITS = 15;
/** 8.7.2: no answer within 18 bit times. */
export const TIMEOUT_BITS = 18;
/** End of frame: nothing may be on the bus in the last 32 bit times (11.3, EOF1). */
export const END_BITS = 32;

const TOKEN_BITS = 35;

/** Gaps of the transaction that were not spent yet. */
export function restBits(pipe: Pipe, answer: UsbAnswer): number {
  if (answer === 'none') return GAP_BITS;
  if (pipe.kind !== 'in') return GAPS_BITS - GAP_BITS - ANSWER_BITS;
  return answer === 'data0' || answer === 'data1'
    ? GAPS_BITS - ANSWER_BITS - HANDSHAKE_GAP_BITS
    : GAPS_BITS - ANSWER_BITS;
}

/** Without stuffing: a token, what of a data packet goes out, a NAK. */
export function nakBits(pipe: Pipe): number {
  const data = pipe.kind === 'in' ? 0 : 8 * (pipe.payload.length + 3) + 11;
  return TOKEN_BITS + data + HANDSHAKE_BITS + GAPS_BITS;
}

/** A host starts nothing that could reach beyond the frame: bit stuffing at its worst (5.11.3). */
export function longestUs(pipe: Pipe): number {
  const token = TOKEN_BITS + 4;
  return (token + longestDataBits(pipe.longest) + HANDSHAKE_BITS + GAPS_BITS) / BITS_PER_US;
}
