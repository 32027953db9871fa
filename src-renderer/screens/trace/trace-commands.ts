import type { TraceCommand } from '../../charts/trace/keys.ts';
import { inferenceAt } from '../../charts/trace/hit-test.ts';
import { markerStep, moveMarker, NO_MARKERS, placeMarker } from '../../charts/trace/marker-pair.ts';
import { panBy, widthOf, zoomAt, type SpanView } from '../../charts/trace/span-view.ts';
import type { TraceSession } from '../../charts/trace/trace-session.svelte.ts';

/** A step of a key: share of the view. */
const PAN_SHARE = 0.2;
const ZOOM_STEP = 0.6;
/** Pixels that the cursor's arrows are about; the session is asked in samples. */
const PIXELS = 1200;

/** The place that keys are about: the cursor where it is in view, else the middle. */
export function keyPlace(session: TraceSession): number {
  const { cursor, view } = session;
  return cursor !== null && cursor >= view.from && cursor <= view.to ? cursor : (view.from + view.to) / 2;
}

/** What a key or a button does to the view. Those that need the screen are not here. */
export function carryOut(session: TraceSession, command: TraceCommand, large: boolean): void {
  const { length } = session;
  const at = keyPlace(session);
  const glide = (change: (view: SpanView) => SpanView) => session.glide(change);
  const step = markerStep(widthOf(session.view) / PIXELS, large);
  switch (command) {
    case 'zoom-in':
      return glide((v) => zoomAt(v, ZOOM_STEP, at, length));
    case 'zoom-out':
      return glide((v) => zoomAt(v, 1 / ZOOM_STEP, at, length));
    case 'left':
      return glide((v) => panBy(v, -PAN_SHARE * widthOf(v), length));
    case 'right':
      return glide((v) => panBy(v, PAN_SHARE * widthOf(v), length));
    case 'start':
      return glide((v) => ({ from: 0, to: widthOf(v) }));
    case 'end':
      return session.live ? session.follow(true) : glide((v) => ({ from: length - widthOf(v), to: length }));
    case 'fit':
      return glide(() => ({ from: 0, to: length }));
    case 'marker':
      return session.setMarkers(placeMarker(session.markers, Math.round(at)));
    case 'clear-markers':
      return session.setMarkers(NO_MARKERS);
    case 'cursor-left':
      return moveCursor(session, at - step);
    case 'cursor-right':
      return moveCursor(session, at + step);
    case 'marker-a-left':
      return session.setMarkers(moveMarker(session.markers, 'a', -step, length));
    case 'marker-a-right':
      return session.setMarkers(moveMarker(session.markers, 'a', step, length));
    case 'marker-b-left':
      return session.setMarkers(moveMarker(session.markers, 'b', -step, length));
    case 'marker-b-right':
      return session.setMarkers(moveMarker(session.markers, 'b', step, length));
    case 'previous-inference':
      return stepInference(session, -1);
    case 'next-inference':
      return stepInference(session, 1);
    case 'zoom-inference': {
      const inference = inferenceAt(session, at);
      return inference ? session.zoomTo(inference[0], inference[1]) : undefined;
    }
    case 'zoom-selection': {
      const { from, to } = session.selection;
      return session.zoomTo(from, to);
    }
    case 'follow':
      return session.follow(!session.following);
    case 'log':
      session.scaleKind = ({ linear: 'fit', fit: 'log', log: 'linear' } as const)[session.scaleKind];
      session.wish++;
      return;
    case 'annotate':
    case 'open-operator':
    case 'undo':
    case 'table':
    case 'next-trigger':
      return;
  }
}

/** The cursor takes the view along when it leaves it. */
function moveCursor(session: TraceSession, to: number): void {
  const { view, length } = session;
  const at = Math.min(length, Math.max(0, Math.round(to)));
  session.setCursor(at);
  if (at < view.from) session.show(panBy(view, at - view.from - widthOf(view) * 0.1, length));
  else if (at > view.to) session.show(panBy(view, at - view.to + widthOf(view) * 0.1, length));
}

/** Beginnings of the inferences that are known: of the operator lane, else of the windows. */
export function inferenceStarts(session: Pick<TraceSession, 'operators' | 'places'>): readonly number[] {
  const { operators, places } = session;
  if (operators && operators.from.length > 0) {
    const starts: number[] = [];
    for (let i = 0; i < operators.from.length; i++) {
      const first =
        i === 0 ||
        operators.inference[i] !== operators.inference[i - 1] ||
        operators.window[i] !== operators.window[i - 1];
      if (first) starts.push(operators.from[i]!);
    }
    return starts;
  }
  return (places?.windows ?? []).map((w) => w.startSample);
}

/** Beginning and end of the first or last inference of the run's neighbouring window. */
function neighbourWindow(session: TraceSession, place: number, by: 1 | -1): readonly [number, number] | null {
  const windows = session.run?.windows ?? [];
  const window =
    by > 0
      ? windows.find((w) => w.startSample > place + 0.5)
      : windows.findLast((w) => w.endSample < place + 0.5);
  if (!window) return null;
  const each = (window.endSample - window.startSample) / Math.max(1, window.inferences);
  return by > 0
    ? [window.startSample, window.startSample + each]
    : [window.endSample - each, window.endSample];
}

/** One inference on or back, in the next window where this one has no more. The view shows just that inference. */
function stepInference(session: TraceSession, by: 1 | -1): void {
  const { view, length } = session;
  const middle = (view.from + view.to) / 2;
  const here = inferenceAt(session, middle);
  const starts = inferenceStarts(session);
  const reference = here ? here[0] : middle;
  const next = by > 0 ? starts.find((s) => s > reference + 0.5) : starts.findLast((s) => s < reference - 0.5);
  const beyond = next === undefined ? neighbourWindow(session, reference, by) : null;
  const span = next === undefined ? beyond : inferenceAt(session, next + 0.5);
  if (!span) {
    session.glide((v) => panBy(v, by * widthOf(v) * 0.9, length));
    return;
  }
  session.setCursor(span[0]);
  session.zoomTo(span[0], span[1]);
}
