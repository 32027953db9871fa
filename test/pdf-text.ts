import { inflateSync } from 'node:zlib';

interface PdfObject {
  readonly head: string;
  readonly stream: string | null;
}

/** Just enough of PDF to read what Skia (Chromium's printer) writes: plain objects, Flate streams, ToUnicode maps. */
function objectsOf(bytes: Uint8Array): Map<number, PdfObject> {
  const text = Buffer.from(bytes).toString('latin1');
  const objects = new Map<number, PdfObject>();
  for (const m of text.matchAll(/(?:^|\n)(\d+) 0 obj\n([\s\S]*?)(stream\r?\n|endobj)/g)) {
    const head = m[2]!;
    const length = /\/Length (\d+)/.exec(head)?.[1];
    if (!m[3]!.startsWith('stream') || !length) {
      objects.set(Number(m[1]), { head, stream: null });
      continue;
    }
    const from = m.index + m[0].length;
    const raw = Buffer.from(text.slice(from, from + Number(length)), 'latin1');
    const data = head.includes('/FlateDecode') ? inflateSync(raw) : raw;
    objects.set(Number(m[1]), { head, stream: data.toString('latin1') });
  }
  return objects;
}

/** Glyph → text of one font, from its ToUnicode map. */
function unicodeMap(cmap: string): Map<number, string> {
  const map = new Map<number, string>();
  const codes = (hex: string) =>
    String.fromCharCode(...(hex.match(/.{4}/g) ?? []).map((h) => parseInt(h, 16)));
  for (const block of cmap.matchAll(/beginbfchar([\s\S]*?)endbfchar/g))
    for (const m of block[1]!.matchAll(/<([0-9A-F]+)>\s*<([0-9A-F]+)>/gi))
      map.set(parseInt(m[1]!, 16), codes(m[2]!));
  for (const block of cmap.matchAll(/beginbfrange([\s\S]*?)endbfrange/g))
    for (const m of block[1]!.matchAll(/<([0-9A-F]+)>\s*<([0-9A-F]+)>\s*<([0-9A-F]+)>/gi)) {
      const from = parseInt(m[1]!, 16);
      for (let c = from; c <= parseInt(m[2]!, 16); c++)
        map.set(c, String.fromCharCode(parseInt(m[3]!, 16) + c - from));
    }
  return map;
}

export interface PdfText {
  readonly pages: number;
  /** All glyphs that have a meaning, in the order they are drawn, without the spaces that only positions make. */
  readonly text: string;
}

export function pdfText(bytes: Uint8Array): PdfText {
  const objects = objectsOf(bytes);
  const fonts = new Map<string, Map<number, string>>();
  for (const { head } of objects.values())
    for (const m of head.matchAll(/\/(F\d+) (\d+) 0 R/g)) {
      const toUnicode = /\/ToUnicode (\d+) 0 R/.exec(objects.get(Number(m[2]))?.head ?? '')?.[1];
      const cmap = toUnicode && objects.get(Number(toUnicode))?.stream;
      if (cmap) fonts.set(m[1]!, unicodeMap(cmap));
    }
  let text = '';
  for (const { head, stream } of objects.values()) {
    if (!stream || head.includes('/Subtype') || stream.includes('begincmap')) continue;
    let font: Map<number, string> | undefined;
    for (const m of stream.matchAll(/\/(F\d+) [\d.]+ Tf|<([0-9A-F]+)> Tj/gi)) {
      if (m[1]) font = fonts.get(m[1]);
      else for (const glyph of m[2]!.match(/.{4}/g) ?? []) text += font?.get(parseInt(glyph, 16)) ?? '';
    }
  }
  const pages = [...objects.values()].filter((o) => /\/Type \/Page\b(?!s)/.test(o.head)).length;
  return { pages, text };
}
