/**
 * The calibration of the one PPK2 that is emulated. Source: the metadata a real PPK2 prints (as published with
 * open-source clients of the device). The encoder inverts the transfer function with these; the decoder never sees
 * this file, only the text that goes over the wire.
 */
export const deviceTable = {
  shuntOhm: [1003.3506, 101.5865, 10.3027, 0.9636, 0.0564],
  gainSlope: [0, 112.789, 18.0115, 2.4217, 0.0729],
  gain: [1, 0.9695, 0.9609, 0.9519, 0.9582],
  zeroCount: [112.942, 75.4627, 64.602, 50.4983, 87.2177],
  supplySlope: [4.8e-8, 5.96e-7, 5.281e-6, 6.2577e-5, 0.002940743],
  offsetA: [-1.04e-7, -1.443e-6, 3.6439e-5, -3.74119e-4, -0.009388455],
  userGain: [1, 1, 1, 1, 1],
  hardware: 9173,
  IA: 56,
} as const;

/** Below these currents the device uses range 0, 1, 2, 3; above the last, range 4. A, nominal. */
export const rangeLimitsA = [50e-6, 500e-6, 5e-3, 60e-3] as const;
