import { createInterface, type Interface } from 'node:readline/promises';
import { fail, ok, type Result } from '../../../base/errors.ts';
import type { MonitorCheck } from '../../../contract/index.ts';
import {
  checkMonitor,
  type CheckHands,
  type CheckPlan,
  type KnownResistor,
} from '../../../core/monitor-check.ts';
import { openMonitorAt, refuseNameless } from '../../../core/open-monitor.ts';
import { listPorts } from '../../../link/ports.ts';
import { monitorDescriptors } from '../../../monitor/catalog.ts';
import type { CommandContext } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import { openCore } from '../open-core.ts';
import { table, type Output } from '../output.ts';

export interface MonitorCheckOptions {
  readonly supply: number;
  readonly resistor?: readonly string[];
  readonly zeroS: number;
  readonly readS: number;
  readonly lossS: number;
  readonly voltmeter?: number;
  readonly voltmeterTolerance: number;
  readonly temperature?: number;
  readonly wiring?: string;
  readonly serial?: string;
  readonly yes?: boolean;
}

/** Kinds that are known, what of them is plugged in, and when each device was checked. */
export async function listMonitors(context: CommandContext): Promise<number> {
  const { output } = context;
  const ports = await listPorts([]);
  const opened = await openCore(context.db);
  if (!opened.ok) return output.fail(opened);
  await using core = opened.value;
  const checks = core.store.monitorChecks.list();
  if (!checks.ok) return output.fail(checks);
  const plugged = ports.ok ? ports.value.filter((p) => p.device?.kind === 'monitor') : [];
  const kinds = monitorDescriptors.map((d) => ({
    kind: d.id,
    name: d.name,
    maxSampleRateHz: d.sampleRateHz,
    suppliesMv: d.source ? [d.source.minMv, d.source.maxMv] : null,
    windows: d.windowInput,
    ports: plugged
      .filter((p) => p.device!.id === d.id)
      .map(({ path, serialNumber }) => ({ path, serialNumber })),
    checks: checks.value
      .filter((c) => c.kind === d.id)
      .map(({ serial, checkedAt }) => ({ serial, checkedAt })),
  }));
  output.result(kinds, () =>
    table(
      ['kind', 'name', 'samples/s', 'supplies', 'sees windows', 'plugged in', 'checked'],
      kinds.map((k) => [
        k.kind,
        k.name,
        String(k.maxSampleRateHz),
        k.suppliesMv ? `${k.suppliesMv[0]! / 1000}–${k.suppliesMv[1]! / 1000} V` : '–',
        { level: 'logic inputs', events: 'events', none: 'no' }[k.windows],
        k.ports.map((p) => p.path + (p.serialNumber ? ` (${p.serialNumber})` : '')).join(', '),
        k.checks.map((c) => `${c.serial}: ${c.checkedAt.slice(0, 10)}`).join(', '),
      ]),
      [2],
    ),
  );
  return exitCodes.done;
}

/** `1000` or `1000:1%` or `1000:0.001`: ohms and tolerance, 1 % where it is not said. */
function parseResistor(text: string): Result<KnownResistor> {
  const [, ohms = '', tolerance, percent] = /^([\d.]+k?)(?::([\d.]+)(%?))?$/.exec(text) ?? [];
  const ohm = ohms.endsWith('k') ? Number(ohms.slice(0, -1)) * 1000 : Number(ohms === '' ? NaN : ohms);
  const toleranceRel = tolerance === undefined ? 0.01 : Number(tolerance) / (percent === '%' ? 100 : 1);
  if (ohm > 0 && toleranceRel >= 0 && toleranceRel < 0.5) return ok({ ohm, toleranceRel });
  return fail(
    'cli.bad-resistor',
    { resistor: text },
    'A resistor is its ohms and, behind a colon, its tolerance.',
    'Write --resistor 1000:1% or --resistor 10k:0.1%.',
  );
}

function planOf(o: MonitorCheckOptions, interactive: boolean): Result<CheckPlan> {
  const resistors: KnownResistor[] = [];
  for (const text of o.resistor ?? []) {
    const resistor = parseResistor(text);
    if (!resistor.ok) return resistor;
    resistors.push(resistor.value);
  }
  return ok({
    supplyMv: Math.round(o.supply * 1000),
    zeroS: o.zeroS,
    readS: o.readS,
    resistors,
    voltmeterRel: o.voltmeter !== undefined || interactive ? o.voltmeterTolerance / 100 : null,
    lossS: o.lossS,
    temperatureC: o.temperature ?? null,
    wiring: o.wiring ?? null,
  });
}

/** A person at a terminal is asked; a script gives the numbers and swaps what is connected by itself. */
function handsOf(o: MonitorCheckOptions, output: Output, prompt: Interface | null): CheckHands {
  const told = (what: string): string => `${what}, then press Enter: `;
  return {
    async connect(what) {
      const text =
        what.kind === 'nothing'
          ? 'Take everything off the output'
          : `Connect ${what.ohm} Ω across the output`;
      if (prompt) await prompt.question(told(text));
      else output.note(text);
      return ok();
    },
    async voltage() {
      if (o.voltmeter !== undefined) return ok(o.voltmeter);
      const said = prompt ? await prompt.question('Voltage at the output by your voltmeter, V: ') : '';
      const volts = Number(said.replace(',', '.').trim() || NaN);
      return Number.isFinite(volts)
        ? ok(volts)
        : fail('cli.bad-voltage', { said }, 'This is no voltage.', 'Write it in volts, like 3.301.');
    },
    said: (line) => output.note(line),
  };
}

function checkText(c: MonitorCheck): string {
  const lines = [`${c.kind} ${c.serial}, checked ${c.checkedAt}`];
  if (c.voltage) lines.push(`voltage: ${c.voltage.measuredMv.toFixed(1)} mV for ${c.voltage.setMv} mV`);
  if (c.zero)
    lines.push(
      `zero: ${(c.zero.meanA * 1e6).toFixed(3)} µA, noise ${(c.zero.noiseA * 1e6).toFixed(3)} µA (range ${c.zero.range})`,
    );
  for (const r of c.resistors)
    lines.push(
      `${r.ohm} Ω: gain error ${(r.gainErrorRel * 100).toFixed(3)} %, bound ± ${(r.boundRel * 100).toFixed(3)} % (range ${r.range})`,
    );
  if (c.loss) lines.push(`loss: ${c.loss.missing} of ${c.loss.samples} samples in ${c.loss.seconds} s`);
  lines.push('Later energies measured with it carry these bounds.');
  return lines.join('\n');
}

export async function check(
  address: string,
  o: MonitorCheckOptions,
  context: CommandContext,
): Promise<number> {
  const { output } = context;
  const interactive = process.stdin.isTTY && !(o.yes ?? false) && !output.json;
  const plan = planOf(o, interactive);
  if (!plan.ok) return output.fail(plan);
  const opened = await openCore(context.db);
  if (!opened.ok) return output.fail(opened);
  await using core = opened.value;
  const monitor = await openMonitorAt(address, o.serial === undefined ? {} : { serial: o.serial });
  if (!monitor.ok) return output.fail(monitor);
  await using device = monitor.value;
  const named = refuseNameless(device);
  if (!named.ok) return output.fail(named);
  const prompt = interactive ? createInterface({ input: process.stdin, output: process.stderr }) : null;
  const done = await checkMonitor(device, plan.value, handsOf(o, output, prompt), () =>
    new Date().toISOString(),
  );
  prompt?.close();
  if (!done.ok) return output.fail(done);
  const kept = core.store.monitorChecks.put(done.value);
  if (!kept.ok) return output.fail(kept);
  output.result(done.value, () => checkText(done.value));
  return exitCodes.done;
}
