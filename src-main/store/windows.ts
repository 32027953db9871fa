import { z } from 'zod';
import type { WindowResult } from '../contract/index.ts';
import { DutWindow, FailureDto, LayerEnergy, SystematicPart, type WindowEnergy } from '../contract/index.ts';
import type { Row, Table } from './context.ts';
import { putEdges } from './edges.ts';
import { jsonOrNull, parsed, parsedOrNull } from './rows.ts';

export function putWindow(table: Table, runId: number, w: WindowResult): void {
  table.run(
    `INSERT INTO windows (run_id, window_index, attempt, status, exclusion_json, input_name, input_sha256, inferences,
       warm_up, duration_us, output_check, started_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    runId,
    w.index,
    w.attempt,
    w.status,
    jsonOrNull(w.exclusion),
    w.inputName,
    w.inputSha256,
    w.inferences,
    w.warmUp,
    w.durationUs,
    w.outputCheck,
    w.startedAt,
  );
  if (w.energy) putEnergy(table, runId, w, w.energy);
}

function putEnergy(table: Table, runId: number, w: WindowResult, e: WindowEnergy): void {
  table.run(
    `INSERT INTO window_energies (run_id, window_index, attempt, energy_uj, net_uj, idle_current_a, mean_current_a,
       duration_us, supply_v, supply_plus_minus_v, supply_how, systematic_json, sample_count, lost_samples, coverage,
       trace_id, trace_start_us, trace_end_us, warnings_json, statistical_uj, net_statistical_uj, net_systematic_json,
       clock_rel, channel, layers_json, edge_jitter_us, dut_json)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    runId,
    w.index,
    w.attempt,
    e.energyUj,
    e.netUj,
    e.idleCurrentA,
    e.meanCurrentA,
    e.durationUs,
    e.supplyV,
    e.supplyPlusMinusV,
    e.supplyHow,
    JSON.stringify(e.systematic),
    e.sampleCount,
    e.lostSamples,
    e.coverage,
    e.traceId,
    e.traceStartUs,
    e.traceEndUs,
    JSON.stringify(e.warnings),
    e.statisticalUj,
    e.netStatisticalUj,
    jsonOrNull(e.netSystematic),
    e.clockRel,
    e.channel,
    jsonOrNull(e.layers),
    e.edgeJitterUs,
    jsonOrNull(e.dut),
  );
  putEdges(table, e.traceId, [
    { atUs: e.traceStartUs, channel: e.channel, level: 1 },
    { atUs: e.traceEndUs, channel: e.channel, level: 0 },
  ]);
}

export function windowsOf(table: Table, runId: number): WindowResult[] {
  const rows = table.all(
    `SELECT w.*, e.energy_uj, e.net_uj, e.idle_current_a, e.mean_current_a, e.duration_us AS energy_duration_us,
       e.supply_v, e.supply_plus_minus_v, e.supply_how, e.systematic_json, e.sample_count, e.lost_samples, e.coverage,
       e.trace_id, e.trace_start_us, e.trace_end_us, e.warnings_json, e.statistical_uj, e.net_statistical_uj,
       e.net_systematic_json, e.clock_rel, e.channel, e.layers_json, e.edge_jitter_us, e.dut_json
     FROM windows w LEFT JOIN window_energies e USING (run_id, window_index, attempt)
     WHERE run_id = ? ORDER BY window_index, attempt`,
    runId,
  );
  return rows.map((r) => ({
    index: r.window_index as number,
    attempt: r.attempt as number,
    status: r.status as WindowResult['status'],
    exclusion: parsedOrNull(FailureDto, 'windows.exclusion_json', r.exclusion_json as string | null),
    inputName: r.input_name as string,
    inputSha256: r.input_sha256 as string,
    inferences: r.inferences as number,
    warmUp: r.warm_up as number,
    durationUs: r.duration_us as number | null,
    energy: r.energy_uj === null ? null : energyOf(r),
    outputCheck: r.output_check as WindowResult['outputCheck'],
    startedAt: r.started_at as string,
  }));
}

function energyOf(r: Row): WindowEnergy {
  const systematic = parsed(
    z.array(SystematicPart),
    'window_energies.systematic_json',
    r.systematic_json as string,
  );
  const netSystematic = parsedOrNull(
    z.array(SystematicPart),
    'window_energies.net_systematic_json',
    r.net_systematic_json as string | null,
  );
  return {
    energyUj: r.energy_uj as number,
    netUj: r.net_uj as number | null,
    statisticalUj: r.statistical_uj as number | null,
    netStatisticalUj: r.net_statistical_uj as number | null,
    idleCurrentA: r.idle_current_a as number | null,
    meanCurrentA: r.mean_current_a as number,
    durationUs: r.energy_duration_us as number,
    supplyV: r.supply_v as number,
    supplyPlusMinusV: r.supply_plus_minus_v as number,
    supplyHow: r.supply_how as WindowEnergy['supplyHow'],
    systematic,
    // a window of before migration 3: the gross energy's bound is the wider one
    netSystematic: r.net_uj === null ? null : (netSystematic ?? systematic),
    clockRel: r.clock_rel as number,
    sampleCount: r.sample_count as number,
    lostSamples: r.lost_samples as number,
    coverage: r.coverage as number,
    traceId: r.trace_id as string,
    channel: r.channel as number,
    traceStartUs: r.trace_start_us as number,
    traceEndUs: r.trace_end_us as number,
    warnings: parsed(z.array(z.string()), 'window_energies.warnings_json', r.warnings_json as string),
    layers: parsedOrNull(z.array(LayerEnergy), 'window_energies.layers_json', r.layers_json as string | null),
    edgeJitterUs: r.edge_jitter_us as number | null,
    dut: parsedOrNull(DutWindow, 'window_energies.dut_json', r.dut_json as string | null),
  };
}
