/**
 * How the host reaches the DUT. Directly, or in energy mode through an interface board (the io-manager), which
 * wants `dut <command>%`, answers `m-dut-passthrough(<command>)` and `m-ready` itself, and hands the DUT's lines on
 * as `[dut]: <line>` up to `[dut]: m-ready`.
 */
export interface Topology {
  readonly kind: 'direct' | 'interface-board';
  /** Bytes a `db` command may carry so that a line stays within the smallest buffer on the way. */
  readonly chunkBytes: number;
  wrap(command: string): string;
  /** Who said the (cleaned) line, and what was said. */
  unwrap(line: string): { readonly from: 'dut' | 'board'; readonly text: string };
}

const DUT_PREFIX = /^(.*?)\[dut\]:\s?/;

export const direct: Topology = {
  kind: 'direct',
  chunkBytes: 31,
  wrap: (command) => `${command}%`,
  unwrap: (line) => ({ from: 'dut', text: line }),
};

export const interfaceBoard: Topology = {
  kind: 'interface-board',
  chunkBytes: 26,
  wrap: (command) => `dut ${command}%`,
  unwrap: (line) => {
    const prefix = DUT_PREFIX.exec(line);
    return prefix ? { from: 'dut', text: line.slice(prefix[0].length) } : { from: 'board', text: line };
  },
};

/** True for a line only an interface board prints. */
export function looksLikeInterfaceBoard(line: string): boolean {
  return DUT_PREFIX.test(line) || line.includes('m-dut-passthrough(');
}
