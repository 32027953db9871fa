/** The part of a KeyboardEvent that decides. */
export interface KeyPress {
  readonly key: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
  readonly shiftKey: boolean;
}

/** Is this press the hotkey (`Mod+K`, `?`, `Escape`)? `Mod` is Cmd on a Mac, Ctrl elsewhere; the other one must be up. */
export function isHotkey(press: KeyPress, hotkey: string, mac: boolean): boolean {
  const parts = hotkey.split('+');
  const key = parts.at(-1)!;
  const wantsMod = parts.includes('Mod');
  const mod = mac ? press.metaKey : press.ctrlKey;
  const other = mac ? press.ctrlKey : press.metaKey;
  if (mod !== wantsMod || other || press.altKey) return false;
  // a sign like `?` needs Shift on some keyboards and not on others: the sign alone decides
  if (key.length > 1 || /[\p{L}\d]/u.test(key)) {
    if (press.shiftKey !== parts.includes('Shift')) return false;
  }
  return press.key.toLowerCase() === key.toLowerCase();
}

const names: Record<string, string> = { Escape: 'Esc' };

/** As a key cap says it: `Ctrl K`, `⌘ K`, `Esc`. */
export function hotkeyText(hotkey: string, mac: boolean): string {
  return hotkey
    .split('+')
    .map((part) => (part === 'Mod' ? (mac ? '⌘' : 'Ctrl') : (names[part] ?? part)))
    .join(mac ? ' ' : '+');
}

/** The part of an element that tells whether keys go into it as text. */
export interface KeyTarget {
  readonly tagName: string;
  readonly isContentEditable: boolean;
  readonly type?: string;
}

const NOT_TEXT = new Set([
  'button',
  'checkbox',
  'radio',
  'range',
  'color',
  'file',
  'submit',
  'reset',
  'image',
]);

/** A hotkey never fires while somebody types. */
export function isTyping(target: KeyTarget | null): boolean {
  if (!target) return false;
  if (target.isContentEditable) return true;
  const tag = target.tagName.toLowerCase();
  if (tag === 'input') return !NOT_TEXT.has(target.type ?? 'text');
  return tag === 'textarea' || tag === 'select';
}
