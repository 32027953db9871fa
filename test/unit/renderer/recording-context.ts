import type { Context } from '../../../src-renderer/charts/trace/context.ts';

/** A 2D context that writes down what is drawn on it, in the coordinates of its own transforms. */
export interface Drawn {
  readonly kind: 'rect' | 'text' | 'path';
  readonly style: string;
  readonly alpha: number;
  /** rect: x, y, width, height; text: x, y; path: points of all subpaths. */
  readonly at: readonly number[];
  readonly text: string;
  /** Subpaths of a stroke or fill: a lineTo never joins two of them. */
  readonly subpaths: readonly (readonly (readonly [number, number])[])[];
}

export function recordingContext(): { readonly ctx: Context; readonly drawn: Drawn[] } {
  const drawn: Drawn[] = [];
  const stack: { scale: number; state: Record<string, unknown> }[] = [];
  let scale = 1;
  let subpaths: [number, number][][] = [];
  const point = (x: number, y: number): [number, number] => [x * scale, y * scale];
  const note = (kind: Drawn['kind'], style: unknown, at: readonly number[], text = '') =>
    drawn.push({
      kind,
      style: String(style),
      alpha: state.globalAlpha as number,
      at,
      text,
      subpaths: kind === 'path' ? subpaths.map((s) => [...s]) : [],
    });
  const state: Record<string, unknown> = {
    fillStyle: '',
    strokeStyle: '',
    globalAlpha: 1,
    lineWidth: 1,
    font: '',
    textAlign: 'left',
    textBaseline: 'middle',
  };
  const methods = {
    save: () => stack.push({ scale, state: { ...state } }),
    restore: () => {
      const before = stack.pop();
      if (!before) throw new Error('restore without save');
      scale = before.scale;
      Object.assign(state, before.state);
    },
    scale: (x: number) => (scale *= x),
    beginPath: () => (subpaths = []),
    moveTo: (x: number, y: number) => subpaths.push([point(x, y)]),
    lineTo: (x: number, y: number) => subpaths.at(-1)!.push(point(x, y)),
    rect: () => undefined,
    clip: () => undefined,
    setLineDash: () => undefined,
    stroke: () => note('path', state.strokeStyle, []),
    fill: () => note('path', state.fillStyle, []),
    clearRect: () => undefined,
    fillRect: (x: number, y: number, w: number, h: number) =>
      note('rect', state.fillStyle, [x * scale, y * scale, w * scale, h * scale]),
    strokeRect: (x: number, y: number, w: number, h: number) =>
      note('rect', state.strokeStyle, [x * scale, y * scale, w * scale, h * scale]),
    fillText: (text: string, x: number, y: number) => note('text', state.fillStyle, point(x, y), text),
    measureText: (text: string) => ({ width: text.length * 6.2 }),
  };
  const ctx = new Proxy(state, {
    get: (target, key: string) => (key in methods ? methods[key as keyof typeof methods] : target[key]),
    set: (target, key: string, value) => {
      target[key] = value;
      return true;
    },
  });
  return { ctx: ctx as unknown as Context, drawn };
}
