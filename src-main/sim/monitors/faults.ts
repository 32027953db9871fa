/** What may go wrong with a monitor on purpose. All seeded or by sample: a run with the same faults is the same run. */
export interface MonitorFaults {
  /** Share of samples that never leave the device. */
  readonly dropShare?: number;
  /** Exactly these samples (since the stream began) are dropped. */
  readonly dropSamples?: ReadonlySet<number>;
  /** Byte offsets of the stream (since it began) that are lost on the wire. */
  readonly loseBytes?: ReadonlySet<number>;
  /** From a sample on, nothing leaves the device for the time of so many samples; what fits its buffer comes afterwards. */
  readonly stalls?: readonly { readonly atSample: number; readonly samples: number }[];
  /** Samples are dropped while so many bytes wait to be taken; unlimited by default. */
  readonly outputLimitBytes?: number;
  /** Bytes of an older stream that still come out before the first answer. */
  readonly leftOverBytes?: number;
  /** From this sample on the board seems to be shorted: twice the full scale flows. */
  readonly overCurrentAtSample?: number;
  /** How many samples that lasts. Default: for good. */
  readonly overCurrentSamples?: number;
  /** Relative gain error of the hardware against its own table or calibration. */
  readonly gainError?: number;
  /** Answers nothing at all. */
  readonly mute?: boolean;
}

/** The seeded and counted part, the same for all twins. */
export class FaultPlan {
  readonly #faults: MonitorFaults;
  readonly #float: () => number;

  constructor(faults: MonitorFaults, float: () => number) {
    this.#faults = faults;
    this.#float = float;
  }

  drops(sample: number, waitingBytes: number, sampleBytes: number): boolean {
    const { dropShare, dropSamples, outputLimitBytes } = this.#faults;
    return (
      (dropShare !== undefined && this.#float() < dropShare) ||
      dropSamples?.has(sample) === true ||
      (outputLimitBytes !== undefined && waitingBytes + sampleBytes > outputLimitBytes)
    );
  }

  stalled(sample: number): boolean {
    return this.#faults.stalls?.some((s) => sample >= s.atSample && sample < s.atSample + s.samples) ?? false;
  }

  /** The current that the device sees of one that flows. */
  seenA(currentA: number, sample: number, fullScaleA: number): number {
    const {
      overCurrentAtSample: from = Infinity,
      overCurrentSamples = Infinity,
      gainError = 0,
    } = this.#faults;
    return sample >= from && sample < from + overCurrentSamples ? 2 * fullScaleA : currentA * (1 + gainError);
  }
}
