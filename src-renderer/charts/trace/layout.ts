export interface Band {
  readonly top: number;
  readonly height: number;
}

/** Where everything is, CSS pixels. Time runs from `left` over `plotWidth` in every band. */
export interface TraceLayout {
  readonly width: number;
  readonly height: number;
  readonly left: number;
  readonly plotWidth: number;
  readonly ruler: Band;
  readonly plot: Band;
  /** The part of the plot that values use: above it is room for the names of windows. */
  readonly field: Band;
  readonly digital: readonly (Band & { readonly channel: number })[];
  readonly operators: Band | null;
  readonly notes: Band | null;
  readonly minimap: Band;
}

export interface LayoutInput {
  readonly width: number;
  readonly height: number;
  readonly channels: readonly number[];
  readonly operators: boolean;
  readonly notes: boolean;
}

const LEFT = 84;
const RIGHT = 12;
const RULER = 26;
const LANE = 20;
const OPERATORS = 44;
const NOTES = 24;
const MINIMAP = 48;
const SPACE = 6;
const NAMES = 18;
/** The plot keeps so much; lanes become narrower before it does. */
const LEAST_PLOT = 120;

export function layoutOf({ width, height, channels, operators, notes }: LayoutInput): TraceLayout {
  const fixed = RULER + MINIMAP + 3 * SPACE + (operators ? OPERATORS + SPACE : 0) + (notes ? NOTES : 0);
  const room = height - fixed - LEAST_PLOT;
  const lane = channels.length === 0 ? 0 : Math.max(11, Math.min(LANE, room / channels.length));
  const plotHeight = Math.max(60, height - fixed - lane * channels.length - (channels.length ? SPACE : 0));
  let top = 0;
  const take = (h: number, space = 0): Band => {
    const band = { top, height: h };
    top += h + space;
    return band;
  };
  const ruler = take(RULER);
  const noteBand = notes ? take(NOTES) : null;
  const plot = take(plotHeight, SPACE);
  const operatorBand = operators ? take(OPERATORS, SPACE) : null;
  const digital = channels.map((channel) => ({ ...take(lane), channel }));
  const minimap = { top: Math.max(top + SPACE, height - MINIMAP - SPACE), height: MINIMAP };
  return {
    width,
    height,
    left: LEFT,
    plotWidth: Math.max(40, width - LEFT - RIGHT),
    ruler,
    notes: noteBand,
    plot,
    field: { top: plot.top + NAMES, height: plot.height - NAMES },
    operators: operatorBand,
    digital,
    minimap,
  };
}

/** Logic channels worth a lane: those of the mask that are high anywhere, D0 always. */
export function shownChannels(logicMask: number, everHigh: number, all: boolean): readonly number[] {
  const channels: number[] = [];
  for (let c = 0; c < 8; c++)
    if (logicMask & (1 << c) && (all || c === 0 || everHigh & (1 << c))) channels.push(c);
  return channels;
}
