import type { DecidedBy, LayerChoice, Option } from '../compile/choice.ts';
import type { Prepared } from './prepare.ts';

/** One kernel for a layer; figures are null where it cannot do it. */
export interface ExplainedKernel {
  readonly kernel: string;
  /** Where its constants would lie; null where it cannot do the layer. */
  readonly constants: 'flash' | 'ram' | null;
  /** Why it cannot; null where it can. */
  readonly refused: string | null;
  readonly cycles: number | null;
  /** Of the cycles: waits for words from flash. */
  readonly waitCycles: number | null;
  readonly constantBytes: number | null;
  /** Code, counted once however many layers use it. */
  readonly codeBytes: number | null;
  /** Arena while the layer runs: tensors and scratch. */
  readonly arenaBytes: number | null;
  /** Copies of constants in RAM. */
  readonly copiedBytes: number | null;
  readonly chosen: boolean;
}

export interface ExplainedLayer {
  readonly index: number;
  readonly name: string;
  readonly kernels: readonly ExplainedKernel[];
  /** `cycles`: the fastest was taken; else the limit that it would have broken. */
  readonly decidedBy: DecidedBy;
}

export interface ExplainedChoice {
  readonly layers: readonly ExplainedLayer[];
  /** Sums of what was chosen. */
  readonly cycles: number;
  /** No choice within the limits takes fewer. */
  readonly boundCycles: number;
  readonly constantBytes: number;
  readonly codeBytes: number;
  readonly arenaBytes: number;
  readonly copiedBytes: number;
  /** What the board has for constants and code, and for arena and copies. */
  readonly flashLimitBytes: number;
  readonly ramLimitBytes: number;
}

function explainedOption(o: Option, chosen: boolean): ExplainedKernel {
  return {
    kernel: o.candidate.record.name,
    constants: o.inRam ? 'ram' : 'flash',
    refused: null,
    cycles: Math.round(o.cycles),
    waitCycles: Math.round(o.waitCycles),
    constantBytes: o.flashBytes,
    codeBytes: o.codeBytes,
    arenaBytes: o.arenaBytes,
    copiedBytes: o.ramBytes,
    chosen,
  };
}

const noFigures = {
  constants: null,
  cycles: null,
  waitCycles: null,
  constantBytes: null,
  codeBytes: null,
  arenaBytes: null,
  copiedBytes: null,
} as const;

function explainedLayer(layer: LayerChoice, index: number, name: string): ExplainedLayer {
  const { options, refused, chosen, decidedBy } = layer;
  const byCycles = [...options].sort((a, b) => a.cycles - b.cycles);
  return {
    index,
    name,
    decidedBy,
    kernels: [
      ...byCycles.map((o) => explainedOption(o, o === chosen)),
      ...refused.map(({ record, why }) => ({
        kernel: record.name,
        refused: why,
        chosen: false,
        ...noFigures,
      })),
    ],
  };
}

/** Why each layer of a prepared model has the kernel it has. */
export function explainChoice({ choice, program, target, image }: Prepared): ExplainedChoice {
  const { board } = target;
  const chosen = choice.layers.map((l) => l.chosen);
  const codes = new Map(chosen.map((o) => [o.candidate.record.kernel, o.codeBytes]));
  const { arenaBytes, copiedBytes } = program.plan;
  return {
    layers: choice.layers.map((layer, i) => explainedLayer(layer, i, program.ops[i]!.name)),
    cycles: Math.round(choice.cycles),
    boundCycles: Math.round(choice.boundCycles),
    constantBytes: image.parts.program!.header.constsBytes,
    codeBytes: [...codes.values()].reduce((a, b) => a + b, 0),
    arenaBytes,
    copiedBytes,
    flashLimitBytes: board.flash.bytes - board.image.programOffset,
    ramLimitBytes: board.image.arenaBytes,
  };
}
