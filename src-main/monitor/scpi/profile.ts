import type { MonitorAccuracy } from '../../trace/accuracy.ts';

/**
 * What a SCPI instrument can do beyond the common words. A new one is a new profile; `idn` tells which instrument it
 * is for, and the first that fits is taken.
 */
export interface ScpiProfile {
  readonly id: string;
  readonly idn: RegExp;
  readonly minMv: number;
  readonly maxMv: number;
  readonly accuracy: MonitorAccuracy;
  /** Relative and absolute bound of the measured voltage. */
  readonly voltageRel: number;
  readonly voltageMv: number;
  /**
   * `readings`: one `MEAS:CURR?` a sample, at a rate the instrument and the network keep up with. `log`: the instrument
   * samples by itself and hands over blocks of (V, A) pairs, float32 little-endian.
   */
  readonly source:
    | { readonly kind: 'readings'; readonly sampleRateHz: number }
    | {
        readonly kind: 'log';
        readonly sampleRateHz: number;
        readonly begin: readonly string[];
        readonly fetch: string;
        readonly end: readonly string[];
      };
}

/** No instrument's own figures: what a good bench supply keeps, to be replaced by `monitor check`. */
const assumedAccuracy: MonitorAccuracy = {
  origin: 'assumed for a bench source meter: ± 0.5 % and 100 µA',
  gainRel: [0.005],
  offsetA: [100e-6],
  stepA: [1e-6],
  clockRel: 1e-3,
};

export const scpiProfiles: readonly ScpiProfile[] = [
  {
    id: 'fastlog',
    // R&S NGU and NGM have the FLOG commands; their words and the block's form are PROTOCOLS §5
    idn: /Rohde.*NG[UM]\d|fastlog/i,
    minMv: 0,
    maxMv: 20_000,
    accuracy: { ...assumedAccuracy, clockRel: 1e-4 },
    voltageRel: 0.001,
    voltageMv: 5,
    source: {
      kind: 'log',
      sampleRateHz: 1000,
      begin: ['FLOG 1'],
      fetch: 'FLOG:DATA?',
      end: ['FLOG 0'],
    },
  },
  {
    id: 'generic',
    idn: /./,
    minMv: 0,
    maxMv: 20_000,
    accuracy: assumedAccuracy,
    voltageRel: 0.001,
    voltageMv: 5,
    source: { kind: 'readings', sampleRateHz: 20 },
  },
];
