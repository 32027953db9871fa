import { between, type SpanView } from './span-view.ts';

/** How long a step of the keyboard takes to arrive. */
const GLIDE_MS = 140;
/** Speed of a thrown view falls to 1/e in so many ms. */
const THROW_MS = 260;
/** Slower than this a thrown view stands: pixels a ms. */
const STILL = 0.02;
/** No hand is faster; a jump of the pointer is no throw: pixels a ms. */
const FASTEST = 4;

/**
 * The view on its way to where it was sent. Positions follow from the time alone, so a slow machine skips pictures instead of
 * being late. `reduced`: everything is there at once.
 */
export class Motion {
  readonly #reduced: () => boolean;
  #glide: { readonly from: SpanView; readonly to: SpanView; readonly beganMs: number } | null = null;
  #throw: {
    readonly from: SpanView;
    readonly samplesPerMs: number;
    readonly beganMs: number;
    readonly endMs: number;
  } | null = null;

  constructor(reduced: () => boolean) {
    this.#reduced = reduced;
  }

  get moving(): boolean {
    return this.#glide !== null || this.#throw !== null;
  }

  stop(): void {
    this.#glide = null;
    this.#throw = null;
  }

  /** Where it will be when it has arrived: the next step goes on from there. */
  target(view: SpanView): SpanView {
    return this.#glide?.to ?? view;
  }

  /** Returns where it is now. */
  glide(from: SpanView, to: SpanView, nowMs: number): SpanView {
    this.#throw = null;
    this.#glide = this.#reduced() ? null : { from, to, beganMs: nowMs };
    return this.#glide ? from : to;
  }

  /** Goes on as it was dragged, ever slower. */
  throw(from: SpanView, samplesPerMs: number, pixelsPerMs: number, nowMs: number): void {
    this.#glide = null;
    if (this.#reduced() || Math.abs(pixelsPerMs) < 10 * STILL) return;
    const limited = Math.min(1, FASTEST / Math.abs(pixelsPerMs));
    this.#throw = {
      from,
      samplesPerMs: samplesPerMs * limited,
      beganMs: nowMs,
      // it stands when it is slower than the eye
      endMs: nowMs + THROW_MS * Math.log((Math.abs(pixelsPerMs) * limited) / STILL),
    };
  }

  at(view: SpanView, nowMs: number, clamp: (view: SpanView) => SpanView): SpanView {
    if (this.#glide) {
      const { from, to, beganMs } = this.#glide;
      const share = Math.min(1, (nowMs - beganMs) / GLIDE_MS);
      if (share >= 1) this.#glide = null;
      return clamp(share >= 1 ? to : between(from, to, 1 - (1 - share) ** 3));
    }
    if (!this.#throw) return view;
    const { from, samplesPerMs, beganMs, endMs } = this.#throw;
    const elapsed = Math.max(0, nowMs - beganMs);
    const moved = samplesPerMs * THROW_MS * (1 - Math.exp(-elapsed / THROW_MS));
    const wanted = { from: from.from + moved, to: from.to + moved };
    const clamped = clamp(wanted);
    if (nowMs > endMs || clamped.from !== wanted.from) this.#throw = null;
    return clamped;
  }
}
