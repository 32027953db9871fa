import type { RunChoice } from '../../../src-main/contract/bench/runs.ts';

/** The command that measures the same; options at their default are left out. */
export function runCommandLine(request: RunChoice | null, model: string): string {
  if (!request) return `microjoule run ${model}.tflite`;
  const { mode, targetId, windows, windowS, warmUp, supplyV, maxItems, untilRel, withData, wiring } = request;
  const items = mode === 'accuracy';
  const option = (name: string, value: unknown, unless?: unknown): string =>
    value === undefined || value === null || value === unless ? '' : ` --${name} ${String(value)}`;
  return (
    `microjoule run ${model}.tflite --target ${targetId}` +
    option('mode', mode, 'performance') +
    (withData ? ` --data ${model}-samples` : '') +
    (items
      ? option('items', maxItems)
      : option('windows', windows, untilRel ? 50 : 5) +
        option('window-s', windowS, 10) +
        option('until', untilRel ? Number((untilRel * 100).toPrecision(6)) : null) +
        (mode === 'performance' ? option('warm-up', warmUp, 5) : option('supply', supplyV, 3.3))) +
    option('port', wiring?.port) +
    option('monitor', wiring?.monitor)
  );
}
