import type { WindowEnergy, WindowResult } from '../contract/index.ts';

/** What a reader of an energy run's figures must know beside them: idle, supply, bounds, and what its windows warn of. */
export function powerNotes(windows: readonly WindowResult[]): string[] {
  const energies = windows.flatMap((w) => (w.energy ? [w.energy] : []));
  const [first] = energies;
  if (!first) return [];
  return [idleNote(energies), boundsNote(first), ...warningNotes(energies)].filter((n) => n !== null);
}

const mA = (a: number) => (a * 1000).toPrecision(4);

/** Net is gross − supply · idle current · duration: all three are kept, so anybody can undo it. */
function idleNote(energies: readonly WindowEnergy[]): string | null {
  const idle = energies.flatMap((e) => (e.idleCurrentA === null ? [] : [e.idleCurrentA]));
  if (idle.length === 0) return null;
  const [low, high] = [Math.min(...idle), Math.max(...idle)];
  const range = mA(low) === mA(high) ? mA(low) : `${mA(low)}–${mA(high)}`;
  return `Net energy is gross without the idle current before each window, ${range} mA; gross and idle current are kept with the windows.`;
}

function boundsNote({ supplyV, supplyPlusMinusV, supplyHow, systematic }: WindowEnergy): string {
  const gain = systematic.find((p) => p.cause === 'monitor gain')?.basis;
  return (
    `Supply ${supplyV.toFixed(3)} ± ${supplyPlusMinusV.toFixed(3)} V (${supplyHow})` +
    (gain ? `; monitor: ${gain}.` : '.')
  );
}

/** Lost samples are counted in a note of their own. */
const COUNTED_ELSEWHERE = 'missing-samples';

/** Each kind of warning once, as the first window that has it says it. */
function warningNotes(energies: readonly WindowEnergy[]): string[] {
  const seen = new Map<string, { readonly text: string; windows: number }>();
  for (const text of energies.flatMap((e) => e.warnings)) {
    const kind = text.split(':', 1)[0]!;
    if (kind === COUNTED_ELSEWHERE) continue;
    const before = seen.get(kind);
    if (before) before.windows++;
    else seen.set(kind, { text, windows: 1 });
  }
  return [...seen.values()].map(({ text, windows }) => `${text} (${windows} of ${energies.length} windows)`);
}
