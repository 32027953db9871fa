import { ok, failureText, type Result } from '../base/errors.ts';
import type { Program } from '../compile/program.ts';
import type { GraphNode, GraphTensor, ModelGraph, NodeEnergy } from '../contract/bench/graphs.ts';
import type { RunResult } from '../contract/index.ts';
import type { Graph, Operator, Tensor } from '../model/graph.ts';
import { viewOp } from '../model/op-view.ts';
import { operatorRecord } from '../model/operator-table.ts';
import type { OpAttributes } from '../model/operators.ts';
import { tensorBytes } from '../model/tensor-type.ts';
import { predictEnergy } from '../predict/energy.ts';
import { kernelName } from '../predict/features.ts';
import { openModelFile } from './model-file.ts';
import type { FullPrediction } from './prediction.ts';
import { targetOf, type Prepared } from './prepare.ts';
import type { TargetDescriptor } from './targets.ts';

export interface GraphRequest {
  readonly modelPath: string;
  readonly targetId: string;
  /** What was measured of this model. */
  readonly run: RunResult | null;
  readonly supplyV: number;
}

/** What the graph needs of the core. */
export interface GraphSources {
  readonly prepare: (modelPath: string, targetId: string) => Result<Prepared>;
  readonly predict: (modelPath: string, targetId: string) => Result<{ readonly full: FullPrediction }>;
}

/** Figures by operator of the Program; an operator that is not in them has none. */
interface Overlay {
  /** Of the run: the compiler may choose another kernel today. */
  readonly kernels: ReadonlyMap<number, string>;
  readonly predictedCycles: ReadonlyMap<number, number>;
  readonly measuredCycles: ReadonlyMap<number, number>;
  readonly measuredEnergy: ReadonlyMap<number, NodeEnergy>;
}

/**
 * The model as it is in its file, with what the compiler makes of each operator, what was predicted and what was measured.
 * A model that cannot be compiled is shown too; the remarks say what is missing. Fails as reading the file does.
 */
export function modelGraph(request: GraphRequest, sources: GraphSources): Result<ModelGraph> {
  const target = targetOf(request.targetId);
  if (!target.ok) return target;
  const file = openModelFile(request.modelPath);
  if (!file.ok) return file;
  const { graph } = file.value;
  const remarks: string[] = [...file.value.remarks];
  const prepared = sources.prepare(request.modelPath, request.targetId);
  if (!prepared.ok) remarks.push(`It cannot be deployed to this target: ${failureText(prepared)}`);
  const program = prepared.ok ? prepared.value.program : null;
  const overlay = program ? overlayOf(request, program, sources, remarks) : nothing;
  const { run } = request;
  return ok({
    modelName: file.value.name,
    sha256: graph.sha256,
    targetId: target.value.id,
    targetName: target.value.name,
    clockHz: target.value.board.clockHz,
    runId: run?.runId ?? null,
    source: run?.source ?? null,
    inputs: graph.inputs,
    outputs: graph.outputs,
    tensors: graph.tensors.map(tensorOf),
    nodes: nodesOf(graph, program, overlay, target.value, request.supplyV),
    remarks,
  });
}

const nothing: Overlay = {
  kernels: new Map(),
  predictedCycles: new Map(),
  measuredCycles: new Map(),
  measuredEnergy: new Map(),
};

function overlayOf(
  request: GraphRequest,
  program: Program,
  sources: GraphSources,
  remarks: string[],
): Overlay {
  const { run } = request;
  const sameProgram = run === null || fits(run, program);
  if (!sameProgram)
    remarks.push(
      `Run ${run.runId} was made with another Program of this model: what it measured does not belong to these operators.`,
    );
  const stored = sameProgram ? run?.prediction?.ops : undefined;
  const predicted = stored?.length ? null : sources.predict(request.modelPath, request.targetId);
  if (predicted && !predicted.ok) remarks.push(`No prediction: ${failureText(predicted)}`);
  const ops = stored?.length ? stored : predicted?.ok ? predicted.value.full.prediction.ops : [];
  const measured = sameProgram ? run : null;
  if (measured && measured.identity?.programHash !== program.programHash)
    remarks.push(
      `This model is compiled to another Program today: kernels and figures are those that run ${measured.runId} had.`,
    );
  return {
    kernels: new Map(measured?.profile?.ops.map((o) => [o.index, o.kernel]) ?? []),
    predictedCycles: new Map(ops.map((o) => [o.index, o.cycles])),
    measuredCycles: new Map(measured?.profile?.ops.map((o) => [o.index, o.cycles]) ?? []),
    measuredEnergy: new Map(
      measured?.layerEnergies?.map((l) => [
        l.index,
        { energyUj: l.energyUj, plusMinusUj: l.plusMinusUj, commonUj: l.commonUj },
      ]) ?? [],
    ),
  };
}

/** Do the operators a run counted by mean the same here? By the hash, or where the build differs by all it tells of them. */
function fits(run: RunResult, program: Program): boolean {
  if (run.identity?.programHash === program.programHash) return true;
  const counted = run.profile?.ops.map((o) => o.macs) ?? [];
  return counted.length === program.ops.length && counted.every((macs, i) => macs === program.ops[i]!.macs);
}

function nodesOf(
  graph: Graph,
  program: Program | null,
  overlay: Overlay,
  target: TargetDescriptor,
  supplyV: number,
): GraphNode[] {
  const places = new Map(program?.ops.map((op, i) => [op.sourceIndex, i]) ?? []);
  const { board } = target;
  return graph.ops.map((op) => {
    const operator = places.get(op.index) ?? null;
    const planned = operator === null ? null : program!.ops[operator]!;
    const predictedCycles = operator === null ? null : (overlay.predictedCycles.get(operator) ?? null);
    const energy =
      predictedCycles === null
        ? null
        : predictEnergy(board, (predictedCycles / board.clockHz) * 1e6, supplyV);
    return {
      index: op.index,
      name: op.name,
      attributes: attributesText(op.attributes),
      inputs: op.inputs,
      outputs: op.outputs,
      operator,
      kernel: planned ? (overlay.kernels.get(operator!) ?? kernelName(planned.kernel)) : null,
      macs: planned?.macs ?? macsOf(graph, op),
      predictedCycles,
      predictedEnergy: energy && { energyUj: energy.energyUj, plusMinusUj: energy.plusMinusUj, commonUj: 0 },
      measuredCycles: operator === null ? null : (overlay.measuredCycles.get(operator) ?? null),
      measuredEnergy: operator === null ? null : (overlay.measuredEnergy.get(operator) ?? null),
    };
  });
}

/** Of an operator that was not compiled: what its record says of it, where it is one the product knows. */
function macsOf(graph: Graph, op: Operator): number {
  const record = operatorRecord(op.builtin);
  const view = viewOp(graph, op);
  return record?.check(view).ok ? record.macs(view) : 0;
}

function tensorOf(t: Tensor): GraphTensor {
  const q = t.quantization;
  return {
    index: t.index,
    name: t.name,
    type: t.type,
    shape: t.shape,
    bytes: t.data?.length ?? tensorBytes(t.type, t.shape),
    quantization: q && {
      scales: q.scales.length,
      minScale: q.scales.reduce((a, b) => Math.min(a, b), Infinity),
      maxScale: q.scales.reduce((a, b) => Math.max(a, b), 0),
      zeroPoint: q.zeroPoints[0] ?? 0,
      axis: q.axis,
    },
    constant: t.data !== null,
  };
}

const words = (camel: string) => camel.replace(/[A-Z]/g, (c) => ` ${c.toLowerCase()}`);

/** `strideH` and `strideW` are one thing to read: `stride 2 × 1`. */
function attributesText(attributes: OpAttributes): (readonly [string, string])[] {
  const { kind: _kind, ...rest } = attributes;
  const values = new Map<string, unknown>(Object.entries(rest));
  return [...values].flatMap(([name, value]): (readonly [string, string])[] => {
    const pair = /^(.+)([HW])$/.exec(name);
    if (!pair) return [[words(name), Array.isArray(value) ? value.join(', ') : String(value)]];
    if (pair[2] === 'W') return values.has(`${pair[1]}H`) ? [] : [[words(name), String(value)]];
    return [[words(pair[1]!), `${String(value)} × ${String(values.get(`${pair[1]}W`))}`]];
  });
}
