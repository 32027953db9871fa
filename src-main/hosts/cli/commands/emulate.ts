import { failureText, ok, type Failure, type Result } from '../../../base/errors.ts';
import { carryMonitor } from '../../../sim/carried-monitor.ts';
import type { Link } from '../../../link/link.ts';
import { carry, type CarriedWire, type Carrier, type Place } from '../../../sim/carriers.ts';
import { diagnosisText, type Diagnosis } from '../../../sim/diagnoses.ts';
import { parseFaults } from '../../../sim/monitors/fault-words.ts';
import { parseLoadFile } from '../../../sim/monitors/load-file.ts';
import type { EmulatedMonitor } from '../../../sim/monitors/twins.ts';
import { openSimulatedBench, type SimulatedBench } from '../../../sim/simulated-bench.ts';
import { TimeKeeper, type Outlet } from '../../../sim/time-keeper.ts';
import type { CommandContext } from '../context.ts';
import {
  benchMonitor,
  checkOptions,
  isMonitor,
  placeIfNamed,
  placeOf,
  type EmulateOptions,
} from '../emulate-options.ts';
import { openPinFile, type PinFile } from '../emulate-pins.ts';
import { imageOf, readFile, type DeployedImage } from '../emulate-image.ts';
import { EmulationProfile } from '../emulate-profile.ts';
import { exitCodes } from '../exit-codes.ts';
import type { Output } from '../output.ts';
import { writeText } from '../write-text.ts';
import { codeProfileText } from './profile.ts';

/** How far back the world remembers its exact current: nobody asks here. */
const HISTORY_US = 1_000_000;
/** How fast clients are listened to while the line rate is the board's. */
const FOLLOWED_BAUD = 115_200;
/** Rows a table of the profile. */
const PROFILE_LINES = 20;
const ALL_GPIOS = Array.from({ length: 30 }, (_, pin) => pin);
/** A pseudo-terminal that ends on the same Ctrl-C as we do is no failure; it may be seen first. */
const TOGETHER_MS = 200;

/** What is served, by the names the user reads: `{dut: …, monitor: …}`. */
interface Served extends AsyncDisposable {
  readonly listens: Readonly<Record<string, string>>;
  readonly gone: Promise<Failure>;
  readonly profile: EmulationProfile | null;
}

export async function emulate(what: string, o: EmulateOptions, context: CommandContext): Promise<number> {
  const { output, signal } = context;
  const checked = checkOptions(what, o);
  if (!checked.ok) return output.fail(checked);
  const note = (line: string) => output.note(line);
  const opened = isMonitor(checked.value)
    ? await serveMonitor(checked.value, o, note)
    : await serveBench(checked.value, o, note);
  if (!opened.ok) return output.fail(opened);
  const ended = await serveUntilEnd(opened.value, o, context, checked.value);
  return ended && !signal.aborted ? output.fail(ended) : exitCodes.done;
}

async function serveUntilEnd(
  served: Served,
  o: EmulateOptions,
  { output, signal }: CommandContext,
  what: string,
): Promise<Failure | null> {
  await using open = served;
  const { listens } = open;
  output.line({ emulates: what, pace: o.pace, listens }, () => {
    const where = Object.entries(listens).map(([name, address]) => `${name} at ${address}`);
    return `Emulating ${what}: ${where.join(', ')} (${o.pace} pace; Ctrl-C ends it)`;
  });
  const stop = new AbortController();
  const end = new Promise<null>((resolve) => {
    const finish = () => resolve(null);
    if (signal.aborted) finish();
    signal.addEventListener('abort', finish, { once: true, signal: stop.signal });
    const timer = o.for === undefined ? undefined : setTimeout(finish, o.for * 1000);
    stop.signal.addEventListener('abort', () => clearTimeout(timer), { once: true });
  });
  const lost = open.gone.then(async (failure) => {
    await new Promise((resolve) => setTimeout(resolve, TOGETHER_MS));
    return failure;
  });
  const ended = await Promise.race([end, lost]);
  stop.abort();
  const profiled = open.profile ? await showProfile(open.profile, output) : null;
  return profiled ?? ended;
}

async function showProfile(profile: EmulationProfile, output: Output): Promise<Failure | null> {
  const taken = await profile.take();
  if (!taken.ok) return taken;
  output.line({ profile: taken.value }, () => codeProfileText(taken.value, PROFILE_LINES, profile.svgPath));
  return null;
}

async function serveMonitor(
  kind: EmulatedMonitor,
  o: EmulateOptions,
  note: (line: string) => void,
): Promise<Result<Served>> {
  const faults = parseFaults(o.fault ?? []);
  if (!faults.ok) return faults;
  const text = readFile(o.load!, '--load');
  if (!text.ok) return text;
  const steps = parseLoadFile(new TextDecoder().decode(text.value));
  if (!steps.ok) return steps;
  const { pace, seed } = o;
  const place = placeOf(o.tcp, o.pty);
  const carrier = await carryMonitor({
    kind,
    steps: steps.value,
    repeat: o.repeat ?? false,
    faults: faults.value,
    pace,
    place,
    seed,
    note,
  });
  return carrier.ok ? ok(servedAs({ [kind]: carrier.value }, [], null)) : carrier;
}

async function serveBench(
  what: 'pico' | 'bench',
  o: EmulateOptions,
  note: (line: string) => void,
): Promise<Result<Served>> {
  const image = imageOf(o);
  if (!image.ok) return image;
  const monitor = what === 'bench' ? benchMonitor(o) : ok('none' as const);
  if (!monitor.ok) return monitor;
  const faults = parseFaults(o.fault ?? []);
  if (!faults.ok) return faults;
  const writable = o.profile === undefined ? ok() : writeText(o.profile, '');
  if (!writable.ok) return writable;
  const pins = o.pins === undefined ? ok(null) : openPinFile(o.pins, o.gpio ?? ALL_GPIOS);
  if (!pins.ok) return pins;
  const opened = await openSimulatedBench({
    seed: o.seed,
    monitor: monitor.value,
    monitorFaults: faults.value,
    pace: 'free',
    historyUs: HISTORY_US,
    ...(o.usbTcp !== undefined || o.usbPty !== undefined ? { usb: true } : {}),
    ...(pins.value ? { pinMask: pins.value.pinMask, onPins: pins.value.onPins } : {}),
  });
  if (!opened.ok) return opened;
  const bench = opened.value;
  const keeper = await startBench(bench, o, image.value, note);
  if (!keeper.ok) {
    await bench[Symbol.asyncDispose]();
    return keeper;
  }
  const profile = o.profile === undefined ? null : new EmulationProfile(bench, image.value.code, o.profile);
  if (profile && o.uf2 !== undefined && o.elf === undefined)
    note('Functions of the profile have no names without --elf FILE.');
  const carried = await carryWires(what, bench, keeper.value, o, image.value.baud, note);
  if (carried.ok)
    return ok(servedAs(carried.value, [keeper.value, pinsClosedAt(pins.value, bench, note), bench], profile));
  await keeper.value[Symbol.asyncDispose]();
  await bench[Symbol.asyncDispose]();
  return carried;
}

/** Notes what silicon would have let pass, as it comes up. */
function diagnosisOutlet(bench: SimulatedBench, note: (line: string) => void): Outlet {
  const said: Diagnosis[] = [];
  return {
    congested: false,
    collect: async () => {
      bench.diagnoses.forEach((d, i) => {
        if (said[i] !== d) note(diagnosisText(d));
        said[i] = d;
      });
      return false;
    },
  };
}

function pinsClosedAt(
  pins: PinFile | null,
  bench: SimulatedBench,
  note: (line: string) => void,
): AsyncDisposable {
  return {
    [Symbol.asyncDispose]: async () => {
      const closed = pins?.close(bench.clock.nowUs());
      if (closed && !closed.ok) note(failureText(closed));
    },
  };
}

async function startBench(
  bench: SimulatedBench,
  o: EmulateOptions,
  image: DeployedImage,
  note: (line: string) => void,
): Promise<Result<TimeKeeper>> {
  if (image.baud === 'board') bench.followBoardRate();
  else
    for (const wire of [bench.dut, bench.uart1]) {
      const rate = await wire.setBaud(image.baud);
      if (!rate.ok) return rate;
    }
  if (image.uf2) {
    const programmed = await bench.programmer.program(image.uf2);
    if (!programmed.ok) return programmed;
  } else note('The flash is empty: nothing runs. Give --model or --uf2.');
  // The world's thread is there before anybody is told where to connect: clients wait a second at most
  await bench.clock.sleepUntilUs(1);
  const keeper = new TimeKeeper(bench, o.pace, { note });
  keeper.add(diagnosisOutlet(bench, note));
  return ok(keeper);
}

async function carryWires(
  what: 'pico' | 'bench',
  bench: SimulatedBench,
  keeper: TimeKeeper,
  o: EmulateOptions,
  baud: number | 'board',
  note: (line: string) => void,
): Promise<Result<Record<string, Carrier>>> {
  const bytesPerSecond = (baud === 'board' ? FOLLOWED_BAUD : baud) / 10;
  const dutPlace = what === 'pico' ? placeIfNamed(o.tcp, o.pty) : placeOf(o.dutTcp, o.dutPty);
  const wires: (readonly [Omit<CarriedWire, 'note'>, Place | null])[] = [
    [{ name: 'dut', wire: bench.dut, bytesPerSecond }, dutPlace],
    [{ name: 'uart1', wire: bench.uart1, bytesPerSecond }, placeIfNamed(o.uart1Tcp, o.uart1Pty)],
  ];
  if (bench.usb)
    wires.push([
      { name: 'usb', wire: bench.usb, waitingBytes: () => bench.usbWaitingBytes },
      placeOf(o.usbTcp, o.usbPty),
    ]);
  if (bench.monitor)
    wires.push([{ name: 'monitor', wire: bench.monitor }, placeOf(o.monitorTcp, o.monitorPty)]);
  const carriers: Record<string, Carrier> = {};
  for (const [carried, place] of wires) {
    const { name } = carried;
    if (!place) {
      keeper.add(nobodyListens(carried.wire));
      continue;
    }
    const carrier = await carry({ ...carried, note }, keeper, place);
    if (!carrier.ok) {
      for (const c of Object.values(carriers)) await c[Symbol.asyncDispose]();
      return carrier;
    }
    carriers[name] = carrier.value;
  }
  return ok(carriers);
}

/** What comes out of a wire that is not served is lost, and must not gather. */
function nobodyListens(wire: Link): Outlet {
  return {
    congested: false,
    collect: async () => {
      wire.discardInput();
      return false;
    },
  };
}

/** Clients are let go first, then what was behind them, in the order given. */
function servedAs(
  carriers: Readonly<Record<string, Carrier>>,
  behind: readonly AsyncDisposable[],
  profile: EmulationProfile | null,
): Served {
  const all = Object.values(carriers);
  return {
    listens: Object.fromEntries(Object.entries(carriers).map(([name, c]) => [name, c.address])),
    gone: Promise.race(all.map((c) => c.gone)),
    profile,
    [Symbol.asyncDispose]: async () => {
      for (const part of [...all, ...behind]) await part[Symbol.asyncDispose]();
    },
  };
}
