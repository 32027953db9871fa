import { lineSplitter } from '../../link/framing.ts';
import {
  AdafruitRecord,
  cellsOf,
  columnRecord,
  headerOf,
  jsonRecord,
  labelRecord,
  usualColumns,
  type InaRecord,
  type InaTextForm,
} from './record.ts';

export interface InaLineReceiver {
  record(record: InaRecord): void;
  /** A line that is no reading: torn, a greeting, another program's. */
  other(line: string): void;
}

/**
 * Serial text of a sketch → readings. The form is that of the first line that can be read; lines of another form after
 * that are not readings, so that half a line never becomes a number of another kind.
 */
export class InaTextParser {
  readonly #lines = lineSplitter(512);
  readonly #adafruit = new AdafruitRecord();
  #columns: ReturnType<typeof headerOf> = null;
  #named = false;
  form: InaTextForm | null = null;

  push(bytes: Uint8Array, to: InaLineReceiver): void {
    for (const piece of this.#lines.push(bytes)) this.#line(piece.replaceAll('\0', '').trim(), to);
  }

  /** After a pause nothing of the line before belongs to the next. */
  reset(): void {
    this.#lines.reset();
  }

  #line(text: string, to: InaLineReceiver): void {
    if (text === '') {
      const record = this.#adafruit.take();
      if (record) this.#found('adafruit', record, to);
      return;
    }
    const header = headerOf(text);
    if (header && this.form === null) {
      this.#columns = header;
      this.#named = true;
      return;
    }
    if (this.#adafruit.line(text)) return;
    const [form, record] = this.#read(text);
    if (record && (this.form === null || this.form === form)) this.#found(form, record, to);
    else if (!header) to.other(text);
  }

  #read(text: string): readonly [InaTextForm, InaRecord | null] {
    if (text.startsWith('{')) return ['json', jsonRecord(text)];
    if (/^[A-Za-z]/.test(text)) return ['labels', text.includes(':') ? labelRecord(text) : null];
    if (!this.#named && this.form === null) this.#columns = usualColumns(cellsOf(text).length);
    const record = this.#columns ? columnRecord(text, this.#columns) : null;
    return [record?.millis === null ? 'columns' : 'csv', record];
  }

  #found(form: InaTextForm, record: InaRecord, to: InaLineReceiver): void {
    this.form = form;
    to.record(record);
  }
}
