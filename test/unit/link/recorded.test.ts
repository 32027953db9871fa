import { describe, expect, it } from 'vitest';
import { orThrow } from '../../../src-main/base/errors.ts';
import { memoryLinkPair } from '../../../src-main/link/memory.ts';
import { RecordedLink, recordText } from '../../../src-main/link/recorded.ts';

describe('recorded link', () => {
  it('keeps both directions with the times of the link, and the rate changes', async () => {
    const { near, far, clock } = memoryLinkPair();
    const link = new RecordedLink(near);
    orThrow(await link.write(Buffer.from('name%')));
    void clock.sleepUntilUs(12_345).then(() => far.write(Buffer.from('m-ready\r\n\0')));
    await link.read({ deadlineUs: 1e6 });
    orThrow(await link.setBaud(9600));
    await far[Symbol.asyncDispose]();
    await link.read({ deadlineUs: 2e6 });
    expect(recordText(link.records)).toBe(
      [
        '       0.000 ms > name%',
        '      12.345 ms < m-ready\\r\\n\\x00',
        '      12.345 ms # baud 9600',
        '      12.345 ms # closed: closed by the far side',
        '',
      ].join('\n'),
    );
  });

  it('forgets the oldest when there is too much, and says how much', async () => {
    const { near } = memoryLinkPair();
    const link = new RecordedLink(near, 100);
    for (let i = 0; i < 30; i++) await link.write(new Uint8Array(10).fill(i));
    expect(link.records.reduce((sum, r) => sum + r.bytes.length, 0)).toBeLessThanOrEqual(100);
    expect(link.records.at(-1)!.bytes[0]).toBe(29);
    expect(link.forgottenBytes).toBe(200);
  });
});
