import { pico } from '../../../board/pico.ts';
import { targets as known } from '../../../core/targets.ts';
import { listPorts } from '../../../link/ports.ts';
import type { CommandContext } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import { table } from '../output.ts';

export async function targets({ output }: CommandContext): Promise<number> {
  const rows = known.map((t) => ({
    id: t.id,
    name: t.name,
    core: t.board.core.name,
    clockMhz: t.board.unit === 'us' ? t.board.clockHz / 1e6 : null,
    unit: t.board.unit,
    flashBytes: t.board.flash.bytes,
    arenaBytes: t.board.image.arenaBytes,
    source: t.source,
    needsPort: t.needsPort,
  }));
  output.result(rows, () =>
    table(
      ['target', 'name', 'core', 'MHz', 'flash KiB', 'arena KiB', 'results are'],
      rows.map((r) => [
        r.id,
        r.name,
        r.core,
        r.clockMhz === null ? '—' : String(r.clockMhz),
        String(r.flashBytes / 1024),
        String(Math.round(r.arenaBytes / 1024)),
        `${r.source}${r.unit === 'instructions' ? ', instructions only' : ''}${r.needsPort ? ' (needs --port)' : ''}`,
      ]),
      [3, 4, 5],
    ),
  );
  return exitCodes.done;
}

const hex4 = (n: number | null) => (n === null ? '----' : n.toString(16).padStart(4, '0'));

export async function ports({ output }: CommandContext): Promise<number> {
  const list = await listPorts([pico]);
  if (!list.ok) return output.fail(list);
  output.result(list.value, () =>
    list.value.length === 0
      ? 'No serial port was found. The emulated bench needs none: microjoule demo'
      : table(
          ['port', 'usb id', 'what', 'serial number'],
          list.value.map((p) => [
            p.path,
            `${hex4(p.vendorId)}:${hex4(p.productId)}`,
            p.device ? `${p.device.name} (${p.device.kind})` : (p.manufacturer ?? ''),
            p.serialNumber ?? '',
          ]),
        ),
  );
  return exitCodes.done;
}
