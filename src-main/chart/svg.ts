/**
 * Building blocks of our charts: data → SVG string, no DOM. Colours come from CSS custom properties with
 * Okabe–Ito fall-backs, so that one chart serves light, dark and print. No style attributes: a page whose policy
 * forbids inline styles shows them too; whoever shows one gives `.chart` a `max-width: 100%` and `height: auto`.
 */
export const palette = [
  'var(--data-1, #0072b2)',
  'var(--data-2, #e69f00)',
  'var(--data-3, #009e73)',
  'var(--data-4, #cc79a7)',
  'var(--data-5, #56b4e9)',
  'var(--data-6, #d55e00)',
  'var(--data-7, #a89b00)',
  'var(--data-8, #7f868d)',
] as const;

export function escapeXml(text: string): string {
  return text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
}

/** Shortest decimal that still means the coordinate: charts are diffed and stored. */
export function px(value: number): string {
  return String(Math.round(value * 100) / 100);
}

export interface Frame {
  readonly width: number;
  readonly height: number;
  readonly title: string;
  /** One sentence for those who cannot see the chart. */
  readonly summary: string;
}

/** A chart with links in it is a group of them; one without is a picture. */
export function svg(frame: Frame, body: string): string {
  const role = body.includes('<a ') ? 'group' : 'img';
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" role="${role}" viewBox="0 0 ${px(frame.width)} ${px(frame.height)}" ` +
    `width="${px(frame.width)}" height="${px(frame.height)}" class="chart" font-family="inherit" font-size="12">` +
    `<title>${escapeXml(frame.title)}</title><desc>${escapeXml(frame.summary)}</desc>${body}</svg>`
  );
}

export function text(
  x: number,
  y: number,
  content: string,
  options: { anchor?: 'start' | 'middle' | 'end'; muted?: boolean; bold?: boolean } = {},
): string {
  const fill = options.muted ? 'var(--muted, #666)' : 'var(--ink, #1a1a1a)';
  const weight = options.bold ? ' font-weight="600"' : '';
  return `<text x="${px(x)}" y="${px(y)}" text-anchor="${options.anchor ?? 'start'}" fill="${fill}"${weight}>${escapeXml(content)}</text>`;
}

/** Ticks at 1, 2 or 5 times a power of ten covering [low, high], about `count` of them. */
export function niceTicks(low: number, high: number, count: number): number[] {
  if (!(high > low) || !Number.isFinite(high - low)) return [low];
  const raw = (high - low) / Math.max(1, count);
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((m) => m * power).find((s) => s >= raw * 0.999) ?? 10 * power;
  const ticks: number[] = [];
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + step * 1e-9; i++)
    ticks.push(Number((i * step).toPrecision(12)));
  return ticks;
}

/** `step` is the distance between ticks: labels get just the digits that tell them apart. */
export function tickLabel(value: number, step = 0): string {
  const a = Math.abs(value);
  const digits =
    step > 0 && a > 0
      ? Math.max(4, Math.min(12, Math.floor(Math.log10(a)) - Math.floor(Math.log10(step) + 1e-9) + 1))
      : 4;
  const shown =
    a >= 1e6
      ? `${Number((value / 1e6).toPrecision(digits))}M`
      : a >= 1e4 && digits <= 5
        ? `${Number((value / 1e3).toPrecision(digits))}k`
        : String(Number(value.toPrecision(digits)));
  return shown.replace('-', '−');
}

/** Ticks with their labels. */
export function labelledTicks(
  low: number,
  high: number,
  count: number,
): { readonly at: number; readonly label: string }[] {
  const ticks = niceTicks(low, high, count);
  const step = ticks.length > 1 ? ticks[1]! - ticks[0]! : 0;
  return ticks.map((at) => ({ at, label: tickLabel(at, step) }));
}
