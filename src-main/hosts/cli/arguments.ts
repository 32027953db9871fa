/** What the words of a command line must be. */
import { InvalidArgumentError } from 'commander';

export function positive(text: string): number {
  const n = Number(text);
  if (!Number.isFinite(n) || n <= 0) throw new InvalidArgumentError('must be a number above 0');
  return n;
}

export function count(text: string): number {
  const n = Number(text);
  if (!Number.isInteger(n) || n < 0) throw new InvalidArgumentError('must be a whole number from 0');
  return n;
}

export function wholeFrom1(text: string): number {
  const n = Number(text);
  if (!Number.isInteger(n) || n < 1) throw new InvalidArgumentError('must be a whole number from 1');
  return n;
}

export function runNumber(text: string): number {
  const n = Number(text);
  if (!Number.isInteger(n) || n < 1)
    throw new InvalidArgumentError('must be the number of a run; `microjoule runs` lists them');
  return n;
}

export function runNumbers(text: string, before: readonly number[] = []): number[] {
  return [...before, runNumber(text)];
}

export function tcpPort(text: string): number {
  const n = Number(text);
  if (!Number.isInteger(n) || n < 0 || n > 65_535)
    throw new InvalidArgumentError('must be a port from 0 (any that is free) to 65535');
  return n;
}
