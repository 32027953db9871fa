import type { BoardDescriptor } from '../board/board.ts';

export interface EnergyPrediction {
  readonly energyUj: number;
  /** Half-width: the data sheet's spread between typical and worst parts is what this stands for. */
  readonly plusMinusUj: number;
  readonly formula: string;
  readonly assumptions: readonly string[];
}

/** Share of the value that a data-sheet current may be off by, typical against maximum (RP2040 data sheet 5.7: 10.9 / 16.6 mA). */
const DATA_SHEET_SPREAD = 0.5;

/**
 * E = V · I(data sheet, running) · t: a first guess without any power measurement, and labelled wide. The data-sheet
 * current is taken as the same at every supply voltage: the core's regulator is linear, so that what it does not need
 * becomes heat (RP2040 data sheet, core supply regulator).
 */
export function predictEnergy(board: BoardDescriptor, latencyUs: number, supplyV: number): EnergyPrediction {
  const { runA, source } = board.power;
  const energyUj = supplyV * runA * latencyUs;
  const assumptions = [
    source,
    `supplied at ${board.supply.point}: the core's linear regulator draws the same current at every voltage`,
  ];
  return {
    energyUj,
    plusMinusUj: energyUj * DATA_SHEET_SPREAD,
    formula: `${supplyV} V × ${(runA * 1000).toFixed(1)} mA × predicted latency`,
    assumptions,
  };
}
