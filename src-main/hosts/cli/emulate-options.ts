import { fail, ok, type Result } from '../../base/errors.ts';
import type { Place } from '../../sim/carriers.ts';
import { emulatedMonitors, type EmulatedMonitor } from '../../sim/monitors/twins.ts';

/** Options of `microjoule emulate`, as commander gives them. */
export interface EmulateOptions {
  readonly tcp?: number;
  readonly pty?: string;
  readonly uart1Tcp?: number;
  readonly uart1Pty?: string;
  readonly usbTcp?: number;
  readonly usbPty?: string;
  readonly pins?: string;
  readonly gpio?: readonly number[];
  readonly profile?: string;
  readonly elf?: string;
  readonly dutTcp?: number;
  readonly dutPty?: string;
  readonly monitorTcp?: number;
  readonly monitorPty?: string;
  readonly pace: 'real' | 'free';
  readonly model?: string;
  readonly uf2?: string;
  readonly mode: 'performance' | 'energy';
  readonly baud?: number | 'board';
  readonly load?: string;
  readonly repeat?: boolean;
  readonly monitor?: string;
  readonly fault?: readonly string[];
  readonly seed: number;
  readonly for?: number;
}

const kinds = ['pico', 'bench', ...emulatedMonitors] as const;
export type Emulated = (typeof kinds)[number];

type OptionName = Exclude<keyof EmulateOptions, 'pace' | 'mode' | 'seed' | 'for'>;
const boardOptions: readonly OptionName[] = [
  ...(['model', 'uf2', 'baud', 'pins', 'gpio', 'profile', 'elf'] as const),
  ...(['uart1Tcp', 'uart1Pty', 'usbTcp', 'usbPty'] as const),
];
/** Wires that are served only when a place is named for them. */
const extraPlaces = [
  ['uart1Tcp', 'uart1Pty'],
  ['usbTcp', 'usbPty'],
] as const;
/** The same for every monitor that can be emulated. */
function forMonitors<T>(value: T): Record<EmulatedMonitor, T> {
  return Object.fromEntries(emulatedMonitors.map((kind) => [kind, value])) as Record<EmulatedMonitor, T>;
}

const monitorOptions: readonly OptionName[] = ['tcp', 'pty', 'load', 'repeat', 'fault'];
const meant: Record<Emulated, readonly OptionName[]> = {
  pico: ['tcp', 'pty', ...boardOptions],
  bench: ['dutTcp', 'dutPty', 'monitorTcp', 'monitorPty', 'monitor', 'fault', ...boardOptions],
  ...forMonitors(monitorOptions),
};
const all = [...new Set(Object.values(meant).flat())];
const alone = [['tcp', 'pty']] as const;
/** Each wire is served in one place: the pairs of options that name it. */
const places: Record<Emulated, readonly (readonly [OptionName, OptionName])[]> = {
  pico: alone,
  ...forMonitors(alone),
  bench: [
    ['dutTcp', 'dutPty'],
    ['monitorTcp', 'monitorPty'],
  ],
};

/** Everything that can be refused by looking at the words alone. */
export function checkOptions(what: string, o: EmulateOptions): Result<Emulated> {
  const kind = kinds.find((k) => k === what);
  if (!kind)
    return fail(
      'cli.unknown-emulation',
      { what, known: kinds },
      'This cannot be emulated.',
      'microjoule emulate pico, bench, or a monitor.',
    );
  const unused = all.find((name) => o[name] !== undefined && !meant[kind].includes(name));
  if (unused)
    return fail(
      'cli.option-not-here',
      { option: flag(unused), what: kind },
      `${flag(unused)} says nothing about ${kind}.`,
      `emulate ${kind} takes ${meant[kind].map(flag).join(', ')}.`,
    );
  const placed = checkPlaces(kind, o);
  if (!placed.ok) return placed;
  if (o.model !== undefined && o.uf2 !== undefined)
    return fail(
      'cli.two-images',
      { model: o.model, uf2: o.uf2 },
      'One board holds one image.',
      'Give either --model or --uf2.',
    );
  if (o.elf !== undefined && (o.uf2 === undefined || o.profile === undefined))
    return fail(
      'cli.usage',
      { elf: o.elf, uf2: o.uf2 ?? null, profile: o.profile ?? null },
      '--elf names the functions of a UF2 in a profile.',
      'Give --uf2 and --profile with it.',
    );
  if (isMonitor(kind) && o.load === undefined)
    return fail(
      'cli.no-load',
      { what: kind },
      'A monitor alone has nothing to measure.',
      'Give a load file with --load (CSV time_us,current_a[,logic]), or emulate bench.',
    );
  if (kind === 'scpi' && o.pace === 'free')
    return fail(
      'cli.option-not-here',
      { option: '--pace free', what: kind },
      'A SCPI instrument is asked: nothing that its clients read can pace it.',
      'Leave --pace out.',
    );
  return ok(kind);
}

export function isMonitor(kind: Emulated): kind is EmulatedMonitor {
  return emulatedMonitors.some((m) => m === kind);
}

/** Which monitor the bench has; `cli.unknown-monitor`. */
export function benchMonitor(o: EmulateOptions): Result<EmulatedMonitor> {
  const kind = emulatedMonitors.find((m) => m === (o.monitor ?? 'ppk2'));
  if (kind) return ok(kind);
  return fail(
    'cli.unknown-monitor',
    { kind: o.monitor!, known: emulatedMonitors },
    'There is no monitor of this kind.',
    'Choose one of the kinds that are known.',
  );
}

function checkPlaces(kind: Emulated, o: EmulateOptions): Result<void> {
  for (const [tcp, pty] of places[kind]) {
    const options = [flag(tcp), flag(pty)];
    const named = Number(o[tcp] !== undefined) + Number(o[pty] !== undefined);
    // Firmware that speaks over USB or UART1 only needs no other place
    if (named === 0 && kind === 'pico' && extraPlaces.flat().some((name) => o[name] !== undefined)) continue;
    if (named === 0)
      return fail(
        'cli.no-place',
        { options, what: kind },
        'It was not said where other programs find it.',
        'Give a TCP port or the path of a pseudo-terminal for each wire.',
      );
    if (named === 2) return twoPlaces(options, kind);
  }
  for (const [tcp, pty] of extraPlaces)
    if (o[tcp] !== undefined && o[pty] !== undefined) return twoPlaces([flag(tcp), flag(pty)], kind);
  return checkPaths(o);
}

function twoPlaces(options: readonly string[], what: Emulated): Result<never> {
  return fail(
    'cli.two-places',
    { options, what },
    'A wire is served in one place.',
    'Give either a TCP port or the path of a pseudo-terminal.',
  );
}

function checkPaths(o: EmulateOptions): Result<void> {
  const paths = [o.pty, o.dutPty, o.uart1Pty, o.usbPty, o.monitorPty].filter((p) => p !== undefined);
  const twice = paths.find((p, i) => paths.indexOf(p) !== i);
  if (twice === undefined) return ok();
  return fail(
    'cli.same-place',
    { path: twice },
    'Two wires cannot share a pseudo-terminal.',
    'Give each a path of its own.',
  );
}

export function placeOf(tcp: number | undefined, pty: string | undefined): Place {
  return tcp !== undefined ? { kind: 'tcp', port: tcp } : { kind: 'pty', path: pty! };
}

export function placeIfNamed(tcp: number | undefined, pty: string | undefined): Place | null {
  return tcp === undefined && pty === undefined ? null : placeOf(tcp, pty);
}

/** `dutPty` → `--dut-pty`. */
function flag(name: OptionName): string {
  return `--${name.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`)}`;
}
