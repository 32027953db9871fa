/**
 * `npm run bench:engine`: per layer and network, what each core takes, beside the peer and the committed baseline.
 * `--write-baseline` makes the counts of this version the baseline; a table goes to standard error.
 */
import { benchModelPaths } from './models.ts';
import { baselineOf, growth, readBaseline, TOLERANCE_REL, writeBaseline } from './engine-baseline.ts';
import { boardOf, coreKeys, countModel, type CoreKey, type NetworkCount } from './engine-counts.ts';
import { peerLayers, type PeerLayer } from './peer-cycles.ts';

export const name = 'engine';

/** Asked of whole networks, cycles or instructions a MAC: kws01, ic01, vww01, ad01. */
const limits: Readonly<Record<string, readonly number[]>> = {
  'pico-zero-wait': [4.1, 3.3, 4.1, 2.5],
  'mps2-an386': [1.5, 1.2, 1.65, 1.0],
  'mps2-an500': [1.5, 1.2, 1.65, 1.0],
  'mps3-an547': [0.67, 0.38, 0.86, 0.56],
  'rv32-virt': [0.6 * 7.315, 0.6 * 5.056, 0.6 * 7.738, 0.6 * 5.581],
};
const referenceModels = ['kws01', 'ic01', 'vww01', 'ad01'];
/** A layer below this share of its network's time may be slower than the peer's. */
const SHARE_THAT_COUNTS = 0.02;

interface Check {
  readonly name: string;
  readonly value: number;
  readonly limit: number;
  readonly ok: boolean;
}

const atMost = (title: string, value: number, limit: number): Check => ({
  name: title,
  value: Math.round(value * 1e4) / 1e4,
  limit: Math.round(limit * 1e4) / 1e4,
  ok: value <= limit,
});

/** The peer has no ADD fused away and no layer that we have not: same order, same number, or no comparison. */
function peersOf(core: CoreKey, model: string, network: NetworkCount): readonly PeerLayer[] | null {
  if (core === 'pico-xip') return null;
  const peers = peerLayers(boardOf(core).id, model);
  return peers.length === network.layers.length ? peers : null;
}

function slowerLayers(network: NetworkCount, peers: readonly PeerLayer[]): number[] {
  return network.layers.flatMap((l, i) =>
    l.count >= SHARE_THAT_COUNTS * network.total && l.count > peers[i]!.count ? [i] : [],
  );
}

function checksOf(core: CoreKey, model: string, network: NetworkCount, grown: number | null): Check[] {
  const title = `${core} ${model}`;
  const checks: Check[] = [];
  const limit = limits[core]?.[referenceModels.indexOf(model)];
  if (limit !== undefined)
    checks.push(atMost(`${title} ${network.unit}/MAC`, network.total / network.macs, limit));
  if (grown !== null) checks.push(atMost(`${title} over the baseline`, grown, TOLERANCE_REL));
  const peers = peersOf(core, model, network);
  if (peers)
    checks.push(atMost(`${title} layers slower than the peer's`, slowerLayers(network, peers).length, 0));
  return checks;
}

function tableOf(core: CoreKey, model: string, network: NetworkCount, baseline: readonly number[]): string {
  const peers = peersOf(core, model, network);
  const cell = (x: string | number, width: number) => String(x).padStart(width);
  const rows = network.layers.map((l, i) =>
    [
      cell(i, 3),
      ` ${l.kernel.padEnd(22)}`,
      cell(l.macs, 9),
      cell(l.count, 10),
      cell(l.macs > 0 ? (l.count / l.macs).toFixed(2) : '', 7),
      cell(peers?.[i]?.count ?? '', 10),
      cell(baseline[i] ?? '', 10),
      cell(l.scratchBytes, 8),
    ].join(' '),
  );
  const perMac = (network.total / network.macs).toFixed(3);
  const head = `${model} on ${core}: ${network.total} ${network.unit}, ${perMac}/MAC; Program ${network.programBytes}, arena ${network.arenaBytes} bytes`;
  return [
    head,
    '  # kernel                      MACs      count    /MAC       peer   baseline  scratch',
    ...rows,
  ].join('\n');
}

export async function bench() {
  const figures: Record<string, number> = {};
  const checks: Check[] = [];
  const baseline = readBaseline();
  const fresh = structuredClone(baseline);
  for (const { name: model, path } of benchModelPaths())
    for (const core of coreKeys) {
      const network = await countModel(path, model, core);
      if (!network) continue;
      const before = baseline[model]?.[core];
      figures[`${core} ${model} ${network.unit}/MAC`] =
        Math.round((network.total / network.macs) * 1000) / 1000;
      figures[`${core} ${model} ${network.unit}`] = network.total;
      checks.push(...checksOf(core, model, network, growth(network, before)));
      (fresh[model] ??= {})[core] = baselineOf(network);
      console.error(tableOf(core, model, network, before?.layers ?? []));
    }
  if (process.argv.includes('--write-baseline')) writeBaseline(fresh);
  return { figures, checks };
}
