/**
 * What a screen shows of the samples of a stream. Columns follow one another without holes; a column that is missing from
 * the stream, whole or in part, is NaN. Audio: one channel, full scale ±1; the spectrum is in columns of `bins` values,
 * lowest frequency first, 0 … 255 for −100 … 0 dB of full scale. IMU: one value a channel and column, in g and °/s.
 */
export interface StreamSignal {
  readonly kind: 'audio' | 'imu';
  readonly channels: number;
  readonly firstSample: number;
  readonly samplesPerColumn: number;
  /** [column][channel] */
  readonly min: Float32Array;
  readonly max: Float32Array;
  readonly spectrum: { readonly bins: number; readonly topHz: number; readonly levels: Uint8Array } | null;
}
