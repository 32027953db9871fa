import type { StreamPicture } from './stream-view.ts';

/** A band of the picture, CSS pixels from its top. */
export interface Lane {
  readonly kind: 'ruler' | 'wave' | 'spectrum' | 'axis' | 'truth' | 'detections' | 'class';
  readonly label: string;
  /** Of IMU axes the channel, of classes the class. */
  readonly index: number;
  readonly top: number;
  readonly height: number;
}

const axes = ['ax', 'ay', 'az', 'gx', 'gy', 'gz'];
const RULER = 22;
const GAP = 6;

/** The lanes of a stream from top to bottom, and the height of all. */
export function lanesOf(picture: StreamPicture): {
  readonly lanes: readonly Lane[];
  readonly height: number;
} {
  const lanes: Lane[] = [];
  let top = 0;
  const add = (kind: Lane['kind'], label: string, height: number, index = 0, gap = 0): void => {
    lanes.push({ kind, label, index, top, height });
    top += height + gap;
  };
  add('ruler', '', RULER, 0, 2);
  if (picture.kind === 'audio') {
    add('wave', 'Sound', 76, 0, GAP);
    if (picture.bins > 0) add('spectrum', `0–${picture.topHz / 1000} kHz`, 96, 0, GAP);
  } else if (picture.kind === 'imu')
    for (let c = 0; c < picture.channels; c++)
      add('axis', `${axes[c] ?? c} ${c < 3 ? 'g' : '°/s'}`, 40, c, c === picture.channels - 1 ? GAP : 2);
  if (picture.truth.length > 0) add('truth', 'Truth', 24, 0, 2);
  if (picture.plan.ignored.length < picture.plan.classes.length) add('detections', 'Detected', 24, 0, GAP);
  const rows = picture.plan.classes.length;
  picture.plan.classes.forEach((name, c) =>
    add('class', name, rows > 8 ? 16 : 20, c, c === rows - 1 ? 2 : 1),
  );
  return { lanes, height: top };
}
