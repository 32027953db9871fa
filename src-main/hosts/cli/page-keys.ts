import { commands } from '../../contract/bench/commands.ts';

/** Keys of the page and the command line that does the same, from the registry of commands. */
export function pageKeys(): string {
  const keyOf = (hotkey: string | null): string => hotkey?.replace('Mod', 'Ctrl') ?? '';
  const rows = commands.map(({ title, hotkey, cli }) =>
    `  ${keyOf(hotkey).padEnd(12)}${title.padEnd(26)}${cli ? `microjoule ${cli}` : ''}`.trimEnd(),
  );
  return `\nOn the page (Cmd instead of Ctrl on a Mac):\n${rows.join('\n')}`;
}
