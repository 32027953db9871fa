/** Where a floating panel goes: beside its anchor, inside the window. All in CSS pixels of the viewport. */
export interface Rectangle {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

export interface Place {
  readonly left: number;
  readonly top: number;
}

const EDGE = 8;

/** Below the anchor where there is room, else above; shifted sideways to stay inside, never outside at the left or top. */
export function placeBeside(
  anchor: Rectangle,
  panel: { readonly width: number; readonly height: number },
  window: { readonly width: number; readonly height: number },
  { gap = 6, align = 'start' as 'start' | 'center' | 'end' } = {},
): Place {
  const below = anchor.top + anchor.height + gap;
  const above = anchor.top - gap - panel.height;
  const fitsBelow = below + panel.height <= window.height - EDGE;
  const top = fitsBelow || above < EDGE ? Math.min(below, window.height - EDGE - panel.height) : above;
  const wanted = {
    start: anchor.left,
    center: anchor.left + (anchor.width - panel.width) / 2,
    end: anchor.left + anchor.width - panel.width,
  }[align];
  const left = Math.min(wanted, window.width - EDGE - panel.width);
  return { left: Math.max(EDGE, left), top: Math.max(EDGE, top) };
}
