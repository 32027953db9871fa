/** The write a flash is busy with, and the one it has suspended: their times, their ends, and what is left without power. */
import { carryOutWrite, tearWrite, type CellWrite } from './flash-cells.ts';

export interface FlashWorkWiring {
  /** Virtual µs. */
  readonly nowUs: () => number;
  /** Cells changed: what was decoded from them is void. */
  readonly changed?: (offset: number, bytes: number) => void;
  /** Whether XIP could read may have changed: a write began or ended, power-down. `atUs`: it will again then. */
  readonly busyChanged?: (atUs: number | null) => void;
  /** Unique id, and what an interrupted write leaves. */
  readonly seed?: number;
}

/** `cells`: what happens to them at its end; a status write touches none. */
interface Operation {
  readonly cells: CellWrite | null;
  readonly us: number;
  /** Time already spent before a suspend. */
  spentUs: number;
  startUs: number;
}

export class FlashWork {
  readonly #array: Uint8Array;
  readonly #wiring: FlashWorkWiring;
  readonly #ended: () => void;
  #operation: Operation | null = null;
  #suspended: Operation | null = null;

  /** `ended`: a write is over or suspended, which clears the write enable. */
  constructor(array: Uint8Array, wiring: FlashWorkWiring, ended: () => void) {
    this.#array = array;
    this.#wiring = wiring;
    this.#ended = ended;
  }

  get busy(): boolean {
    return this.#operation !== null;
  }

  get suspended(): boolean {
    return this.#suspended !== null;
  }

  /** When the write under way ends, µs. */
  get untilUs(): number | null {
    const o = this.#operation;
    return o ? o.startUs + o.us - o.spentUs : null;
  }

  start(cells: CellWrite | null, us: number): void {
    this.#operation = { cells, us, spentUs: 0, startUs: this.#wiring.nowUs() };
    this.#wiring.busyChanged?.(this.untilUs);
  }

  /** A write whose time is over takes effect. */
  settle(): void {
    const until = this.untilUs;
    if (until === null || this.#wiring.nowUs() < until) return;
    const { cells } = this.#operation!;
    this.#operation = null;
    this.#ended();
    if (cells) {
      carryOutWrite(this.#array, cells);
      this.#changed(cells);
    }
    this.#wiring.busyChanged?.(null);
  }

  /** During a suspended erase other cells may be programmed, and nothing erased. */
  allows({ kind, offset }: CellWrite): boolean {
    const held = this.#suspended?.cells;
    if (!held) return true;
    if (kind === 'erase' || held.kind === 'program') return false;
    return offset < held.offset || offset >= held.offset + held.bytes.length;
  }

  /** False where there is nothing that can be: status writes and chip erases cannot. */
  suspend(): boolean {
    const o = this.#operation;
    if (!o?.cells || this.#suspended || o.cells.bytes.length === this.#array.length) return false;
    o.spentUs += this.#wiring.nowUs() - o.startUs;
    this.#suspended = o;
    this.#operation = null;
    this.#ended();
    return true;
  }

  resume(): void {
    const o = this.#suspended;
    if (!o || this.#operation) return;
    o.startUs = this.#wiring.nowUs();
    this.#operation = o;
    this.#suspended = null;
    this.#wiring.busyChanged?.(this.untilUs);
  }

  /** The power goes: cells are left half done. */
  tear(): void {
    for (const o of [this.#operation, this.#suspended]) {
      if (!o?.cells) continue;
      const spentUs = o.spentUs + (o === this.#operation ? this.#wiring.nowUs() - o.startUs : 0);
      tearWrite(this.#array, o.cells, spentUs / o.us, this.#wiring.seed ?? 0);
      this.#changed(o.cells);
    }
    this.forget();
  }

  forget(): void {
    this.#operation = this.#suspended = null;
  }

  #changed(cells: CellWrite): void {
    this.#wiring.changed?.(cells.offset, cells.bytes.length);
  }
}
