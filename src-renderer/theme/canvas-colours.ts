/** The tokens that canvases draw with, as the browser resolved them. */
const names = [
  'paper',
  'panel',
  'ink',
  'muted',
  'line',
  'line-strong',
  'grid',
  'accent',
  'accent-soft',
  'good',
  'warn',
  'warn-soft',
  'bad',
  'data-1',
  'data-2',
  'data-3',
  'data-4',
  'data-5',
  'data-6',
  'data-7',
  'data-8',
] as const;
export type ColourName = (typeof names)[number];
export type CanvasColours = Readonly<Record<ColourName, string>> & { readonly font: string };

export function canvasColours(): CanvasColours {
  const style = getComputedStyle(document.documentElement);
  const entries = names.map((name) => [name, style.getPropertyValue(`--${name}`).trim()]);
  const font = style.getPropertyValue('--sans').trim() || 'sans-serif';
  return { ...(Object.fromEntries(entries) as Record<ColourName, string>), font };
}

/** Tells when the theme changed: by the system, or by data-theme on <html>. Returns how to stop. */
export function onThemeChange(changed: () => void): () => void {
  const media = matchMedia('(prefers-color-scheme: dark)');
  const observer = new MutationObserver(changed);
  media.addEventListener('change', changed);
  observer.observe(document.documentElement, { attributes: true, attributeFilter: ['data-theme'] });
  return () => {
    media.removeEventListener('change', changed);
    observer.disconnect();
  };
}

/** `#rrggbb` as three numbers 0 … 255. */
export function rgbOf(hex: string): readonly [number, number, number] {
  const n = Number.parseInt(hex.slice(1), 16);
  return [(n >> 16) & 255, (n >> 8) & 255, n & 255];
}
