import { describe, expect, it } from 'vitest';
import { Rng } from '../../../src-main/base/rng.ts';
import { SerialLine, type Alarm } from '../../../src-main/sim/serial-line.ts';

/** Alarms by hand: fires in order of time. */
class Bell {
  nowUs = 0;
  readonly #set = new Map<object, { us: number; fire: () => void }>();

  alarm = (fire: () => void): Alarm => {
    const key = {};
    return { at: (us) => void this.#set.set(key, { us, fire }), clear: () => void this.#set.delete(key) };
  };

  runTo(us: number): void {
    for (;;) {
      const due = [...this.#set].filter(([, a]) => a.us <= us).sort(([, a], [, b]) => a.us - b.us)[0];
      if (!due) break;
      this.#set.delete(due[0]);
      this.nowUs = due[1].us;
      due[1].fire();
    }
    this.nowUs = us;
  }
}

function send(
  bytes: readonly number[],
  senderBaud: number,
  receiverBaud: number,
): { byte: number; framing: boolean; us: number }[] {
  const bell = new Bell();
  const got: { byte: number; framing: boolean; us: number }[] = [];
  const line = new SerialLine(
    {
      bitUs: 1e6 / receiverBaud,
      listening: true,
      receive: (byte, framing) => void got.push({ byte, framing, us: bell.nowUs }),
    },
    bell.alarm,
  );
  const bitUs = 1e6 / senderBaud;
  bytes.forEach((byte, i) => line.send({ startUs: i * 10 * bitUs, bitUs, byte }));
  bell.runTo(1e9);
  return got;
}

describe('an asynchronous line', () => {
  it('carries every byte, back to back, each arriving when its stop bit is over', () => {
    const bytes = Array.from({ length: 256 }, (_, i) => i);
    const got = send(bytes, 115200, 115200);
    expect(got.map((g) => g.byte)).toEqual(bytes);
    got.forEach((g, i) => expect(g.us).toBeCloseTo(((i + 1) * 1e7) / 115200, 6));
  });

  it.each([
    [115200, 115207],
    [115200, 115200 * 1.03],
    [115200, 115200 * 0.97],
    [921600, 920810],
  ])('tolerates what real lines tolerate: %d against %d baud', (a, b) => {
    const bytes = [...new Rng(4).bytes(2000)];
    const got = send(bytes, a, b);
    expect(got.map((g) => g.byte)).toEqual(bytes);
    expect(got.some((g) => g.framing)).toBe(false);
  });

  it.each([
    [115200, 9600],
    [9600, 115200],
    [115200, 57600],
    [115200, 115200 * 1.08],
  ])('sent at %d and read at %d baud is garbage with framing errors', (a, b) => {
    const bytes = [...new Rng(5).bytes(500)];
    const got = send(bytes, a, b);
    expect(got.map((g) => g.byte)).not.toEqual(bytes);
    expect(got.some((g) => g.framing)).toBe(true);
  });

  it('a slow sender’s start bit alone is several characters to a fast receiver', () => {
    // 0xff at 9600: low for 104 µs = 12 bits at 115200: one break, then silence
    expect(send([0xff], 9600, 115200)).toMatchObject([{ byte: 0, framing: true }]);
  });
});
