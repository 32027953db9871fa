/**
 * What a monitor's readings can be off by, as bounds (not standard deviations). Numbers come from the monitor's
 * folder or from a dated check; trace only knows how they add up over a window.
 */
export interface MonitorAccuracy {
  /** Where the numbers come from, for the reader of a report. */
  readonly origin: string;
  /** Relative gain error, by range. */
  readonly gainRel: readonly number[];
  /** Offset error in A, by range. */
  readonly offsetA: readonly number[];
  /** One step of the converter in A, by range. */
  readonly stepA: readonly number[];
  /** Relative error of the sample clock. */
  readonly clockRel: number;
}

/** Parts of a systematic bound in J, all ≥ 0. They are added linearly: a bound, not an interval. */
export interface SystematicParts {
  readonly gainJ: number;
  readonly offsetJ: number;
  readonly quantisationJ: number;
  /** What the decoder's spike filter moved in or out of the window. */
  readonly filterJ: number;
  /** Window edges are known to a sample period or to a gap. */
  readonly edgesJ: number;
  /** Missing samples could have been anything between the window's extremes. */
  readonly lossJ: number;
  readonly clockJ: number;
  readonly supplyJ: number;
}

export const NO_SYSTEMATICS: SystematicParts = {
  gainJ: 0,
  offsetJ: 0,
  quantisationJ: 0,
  filterJ: 0,
  edgesJ: 0,
  lossJ: 0,
  clockJ: 0,
  supplyJ: 0,
};

export function systematicBoundJ(p: SystematicParts): number {
  return p.gainJ + p.offsetJ + p.quantisationJ + p.filterJ + p.edgesJ + p.lossJ + p.clockJ + p.supplyJ;
}

/** Samples and Σ A·samples of a window by measuring range. */
export interface RangeHistogram {
  readonly samples: ArrayLike<number>;
  readonly ampereSamples: ArrayLike<number>;
}

/**
 * The part of the bound that follows from the ranges alone, in J: Σ gain·|Q|, Σ offset·t, half a converter step·t.
 * `joulePerAmpereSample` = volts × sample period.
 */
export function rangeSystematics(
  accuracy: MonitorAccuracy,
  histogram: RangeHistogram,
  joulePerAmpereSample: number,
): Pick<SystematicParts, 'gainJ' | 'offsetJ' | 'quantisationJ'> {
  let gain = 0;
  let offset = 0;
  let step = 0;
  for (let r = 0; r < histogram.samples.length; r++) {
    gain += accuracy.gainRel[r]! * Math.abs(histogram.ampereSamples[r]!);
    offset += accuracy.offsetA[r]! * Math.abs(histogram.samples[r]!);
    step += 0.5 * accuracy.stepA[r]! * Math.abs(histogram.samples[r]!);
  }
  return {
    gainJ: gain * joulePerAmpereSample,
    offsetJ: offset * joulePerAmpereSample,
    quantisationJ: step * joulePerAmpereSample,
  };
}
