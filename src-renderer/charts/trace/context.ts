/**
 * What the pictures of a trace need of a canvas' 2D context, and of the theme: `CanvasRenderingContext2D` and
 * `CanvasColours` fit, and so does what a test writes down.
 */
export interface Context {
  fillStyle: unknown;
  strokeStyle: unknown;
  globalAlpha: number;
  lineWidth: number;
  lineJoin: string;
  font: string;
  textAlign: string;
  textBaseline: string;
  save(): void;
  restore(): void;
  scale(x: number, y: number): void;
  beginPath(): void;
  moveTo(x: number, y: number): void;
  lineTo(x: number, y: number): void;
  rect(x: number, y: number, width: number, height: number): void;
  clip(): void;
  stroke(): void;
  fill(): void;
  setLineDash(pattern: number[]): void;
  clearRect(x: number, y: number, width: number, height: number): void;
  fillRect(x: number, y: number, width: number, height: number): void;
  strokeRect(x: number, y: number, width: number, height: number): void;
  fillText(text: string, x: number, y: number): void;
  drawImage(image: never, x: number, y: number, width: number, height: number): void;
  measureText(text: string): { readonly width: number };
}

export type ColourName =
  | 'paper'
  | 'panel'
  | 'ink'
  | 'muted'
  | 'line'
  | 'line-strong'
  | 'grid'
  | 'accent'
  | 'accent-soft'
  | 'warn'
  | 'warn-soft'
  | 'bad'
  | `data-${1 | 2 | 3 | 4 | 5 | 6}`;

export type Colours = Readonly<Record<ColourName, string>> & { readonly font: string };

export function line(ctx: Context, x0: number, y0: number, x1: number, y1: number): void {
  ctx.beginPath();
  ctx.moveTo(x0, y0);
  ctx.lineTo(x1, y1);
  ctx.stroke();
}
