/**
 * Reads the wire logs of the reference data: what `socat -v` prints of both directions of a line.
 */
export interface WireChunk {
  readonly direction: 'to-device' | 'from-device';
  readonly text: string;
}

const HEADER = /([<>]) \d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d\.\d+ {2}length=(\d+) from=\d+ to=\d+\n/y;

/** The chunks in order. socat prints a carriage return as `\r` and everything else of a text line as it is. */
export function parseWireLog(log: string): WireChunk[] {
  const chunks: WireChunk[] = [];
  let at = 0;
  while (at < log.length) {
    HEADER.lastIndex = at;
    const header = HEADER.exec(log);
    if (!header) throw new Error(`no header at ${at}: ${JSON.stringify(log.slice(at, at + 60))}`);
    at += header[0].length;
    let text = '';
    while (text.length < Number(header[2])) {
      if (log.startsWith('\\r', at)) {
        text += '\r';
        at += 2;
      } else text += log[at++];
    }
    chunks.push({ direction: header[1] === '>' ? 'to-device' : 'from-device', text });
  }
  return chunks;
}

export interface WireExchange {
  readonly command: string;
  readonly reply: string;
}

/** Commands (without `%`) with all that came back before the next one; what came before the first has command ''. */
export function exchanges(chunks: readonly WireChunk[]): WireExchange[] {
  const found: { command: string; reply: string }[] = [{ command: '', reply: '' }];
  let sending = '';
  for (const chunk of chunks) {
    if (chunk.direction === 'from-device') found.at(-1)!.reply += chunk.text;
    else {
      sending += chunk.text;
      if (!sending.endsWith('%')) continue;
      found.push({ command: sending.slice(0, -1), reply: '' });
      sending = '';
    }
  }
  return found;
}
