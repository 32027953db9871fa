import { afterAll, describe, expect, it } from 'vitest';
import { orThrow } from '../../../src-main/base/errors.ts';
import { askMapping } from '../../../src-main/hosts/cli/stream-columns.ts';
import { cellsOf, guessColumns, mappingText, parseMapping } from '../../../src-main/stream/columns.ts';
import { openColumnsFile } from '../../../src-main/stream/columns-source.ts';
import type { SampleFormat, StreamBlock } from '../../../src-main/stream/sample-block.ts';
import { scratchFolder } from './wav-files.ts';

const scratch = scratchFolder();
afterAll(() => scratch.remove());

const IMU: SampleFormat = { kind: 'imu', channels: 6, sampleRateHz: 50 };
let files = 0;

async function blocksOf(text: string, options: object = {}): Promise<StreamBlock[]> {
  await using source = orThrow(
    await openColumnsFile(scratch.file(`${files++}.csv`, text), { format: IMU, ...options }),
  );
  const blocks: StreamBlock[] = [];
  for (;;) {
    const block = orThrow(await source.next());
    if (!block) return blocks;
    blocks.push(block);
  }
}

/** The stream as `index: ax` of every sample and `first+count` of every gap. */
function outline(blocks: readonly StreamBlock[]): string[] {
  return blocks.flatMap((b) =>
    b.type === 'gap'
      ? [`gap ${b.firstSample}+${b.sampleCount}`]
      : Array.from({ length: b.samples.length / 6 }, (_, i) => `${b.firstSample + i}: ${b.samples[i * 6]}`),
  );
}

const HEADER = 'time_ms,ax (g),ay (g),az (g),gx (dps),gy (dps),gz (dps)';
/** One g is 8192 counts, one °/s 16.384. */
const line = (ms: number, ax: number) => `${ms},${ax},0,1,0,0,100`;
const lines = (...all: string[]) => [HEADER, ...all].join('\n');

describe('columns of an IMU', () => {
  it('are converted to counts by the units of the header', async () => {
    const [block] = await blocksOf(lines(line(0, 0.5), line(20, -1), line(40, 0)));
    expect(block).toMatchObject({ type: 'samples', firstSample: 0 });
    expect([...(block as { samples: Int16Array }).samples]).toEqual([
      ...[4096, 0, 8192, 0, 0, 1638],
      ...[-8192, 0, 8192, 0, 0, 1638],
    ]);
  });

  it('a jump of the times is a gap of exactly the samples that are missing', async () => {
    const text = lines(line(0, 0), line(20, 0.1), line(40, 0.2), line(140, 0.3), line(160, 0.4));
    expect(outline(await blocksOf(text))).toEqual([
      '0: 0',
      '1: 819',
      '2: 1638',
      'gap 3+4',
      '7: 2458',
      '8: 3277',
    ]);
  });

  it('garbage costs its own sample and nothing else', async () => {
    const text = lines(line(0, 0), line(20, 0.1), '40,NaN,x,,,,', line(60, 0.3), 'garbage', line(80, 0.4));
    expect(outline(await blocksOf(text))).toEqual(['0: 0', '1: 819', 'gap 2+1', '3: 2458', '4: 3277']);
  });

  it('without times a line that cannot be read is one missing sample', async () => {
    const text = ['0,0,1,0,0,0', '0.1,0,1,0,0,0', '#!?', 'oops', '0.2,0,1,0,0,0', '1,2'].join('\n');
    expect(outline(await blocksOf(text))).toEqual(['0: 0', '1: 819', 'gap 2+1', '3: 1638']);
  });

  it('jitter of the clock is no gap', async () => {
    const rows = Array.from({ length: 100 }, (_, i) => line(i * 20 + (i % 3) * 4, 0));
    const blocks = await blocksOf(lines(...rows));
    expect(blocks.every((b) => b.type === 'samples')).toBe(true);
    expect(outline(blocks).length).toBe(100);
  });

  it('a line that goes back in time is dropped, and its sample is missing', async () => {
    const text = lines(line(0, 0), line(20, 0.1), line(5, 9), line(60, 0.3), line(80, 0.4), line(100, 0));
    expect(outline(await blocksOf(text))).toEqual([
      '0: 0',
      '1: 819',
      'gap 2+1',
      '3: 2458',
      '4: 3277',
      '5: 0',
    ]);
  });

  it('a clock that starts anew is an error, not a stream', async () => {
    const rows = (n: number) => Array.from({ length: n }, (_, i) => line(i * 20, 0));
    await expect(blocksOf(lines(...rows(200), ...rows(100)))).rejects.toThrow(/stream.time-not-monotonic/);
  });

  it('a file that is mostly garbage is an error', async () => {
    const rows = Array.from({ length: 300 }, (_, i) => (i % 3 ? line(i * 20, 0) : 'trash;;'));
    await expect(blocksOf(lines(...rows))).rejects.toThrow(/stream.lines-unreadable/);
  });

  it('another rate is resampled; one that cannot be is an error', async () => {
    const at100 = Array.from({ length: 400 }, (_, i) => line(i * 10, Math.sin((2 * Math.PI * i) / 100)));
    const samples = outline(await blocksOf(lines(...at100)));
    expect(samples.length).toBe(200);
    const middle = Number(samples[62]!.split(': ')[1]);
    expect(Math.abs(middle - 8192 * Math.sin((2 * Math.PI * 62) / 50))).toBeLessThan(3);
    const slow = Array.from({ length: 30 }, (_, i) => line(i * 1000, 0));
    await expect(blocksOf(lines(...slow))).rejects.toThrow(/stream.wrong-rate/);
    await expect(blocksOf(lines(...at100), { sampleRateHz: 50 })).rejects.toThrow(/stream.wrong-rate/);
  });

  it('values beyond the range of the counts are clipped and said', async () => {
    await using source = orThrow(
      await openColumnsFile(scratch.file('clip.csv', lines(line(0, 7), line(20, -7), line(40, 0))), {
        format: IMU,
      }),
    );
    const block = orThrow(await source.next())!;
    expect(outline([block])).toEqual(['0: 32767', '1: -32768']);
    while (orThrow(await source.next()));
    expect(source.notes()).toEqual(['2 values exceeded the range of the counts and were clipped']);
  });

  it.each([
    ['nothing', '', 'stream.file-empty'],
    ['words only', 'a,b,c\nd,e,f\n', 'stream.no-numbers'],
    ['four columns without names', '1,2,3,4\n5,6,7,8\n', 'stream.columns-unclear'],
    ['a header without axes', 'p,q,r,s,t,u\n1,2,3,4,5,6\n', 'stream.columns-unclear'],
  ])('%s is a clear error', async (_, text, id) => {
    const path = scratch.file(`${files++}.csv`, text);
    expect(await openColumnsFile(path, { format: IMU })).toMatchObject({ ok: false, id });
  });
});

describe('what the columns are', () => {
  const rows = [['0', '0', '0', '9.8', '0', '0', '0.1']];
  it.each([
    ['time,ax,ay,az,gx,gy,gz', 'time=0:s,ax=1:m/s2,ay=2:m/s2,az=3:m/s2,gx=4:dps,gy=5:dps,gz=6:dps'],
    [
      'timestamp_us,acc_x_g,acc_y_g,acc_z_g,gyro_x,gyro_y,gyro_z',
      'time=0:us,ax=1:g,ay=2:g,az=3:g,gx=4:dps,gy=5:dps,gz=6:dps',
    ],
    [
      'Time (s),Accelerometer X (m/s²),Accelerometer Y (m/s²),Accelerometer Z (m/s²),Gyroscope X (rad/s),Gyroscope Y (rad/s),Gyroscope Z (rad/s)',
      'time=0:s,ax=1:m/s2,ay=2:m/s2,az=3:m/s2,gx=4:rad/s,gy=5:rad/s,gz=6:rad/s',
    ],
    ['gz,gy,gx,az,ay,ax,millis', 'time=6:ms,ax=5:m/s2,ay=4:m/s2,az=3:m/s2,gx=2:dps,gy=1:dps,gz=0:dps'],
  ])('%s', (header, expected) => {
    const guess = guessColumns(cellsOf(header.includes(',') ? header : header), rows, 'imu');
    expect(guess.mapping && mappingText(guess.mapping, 'imu')).toBe(expected);
  });

  it('cells are separated by commas, semicolons, tabs or blanks', () => {
    for (const text of ['1,2,3', '1; 2; 3', '1\t2\t3', '  1  2 3 ', '"1","2","3"'])
      expect(cellsOf(text)).toEqual(['1', '2', '3']);
  });

  it('a mapping is read as it is written, and what is wrong with one is said', () => {
    const text = 'time=0:ms,ax=1:g,ay=2:g,az=3:g,gx=4:dps,gy=5:dps,gz=6:dps';
    expect(mappingText(orThrow(parseMapping(text, 'imu')), 'imu')).toBe(text);
    expect(mappingText(orThrow(parseMapping('sound=2:full-scale', 'audio')), 'audio')).toBe(
      'sound=2:full-scale',
    );
    for (const bad of ['', 'ax=1', 'ax', 'ax=1:furlong', 'time=0:days', 'qx=1', `${text},bx=2`])
      expect(parseMapping(bad, 'imu')).toMatchObject({ ok: false, id: 'stream.bad-mapping' });
  });

  it('a person is asked until each answer can be used', async () => {
    const answers = ['', 'six', '1 g', '2 g', '3', '99', '4 dps', '5 parsec', '5', '6'];
    const said: string[] = [];
    const guess = guessColumns(null, [['9', '1', '2', '3', '4', '5', '6', '7']], 'imu');
    expect(guess.mapping).toBeNull();
    const mapping = await askMapping(
      guess,
      'imu',
      async () => answers.shift()!,
      (s) => said.push(s),
    );
    expect(mappingText(orThrow(mapping), 'imu')).toBe('ax=1:g,ay=2:g,az=3:g,gx=4:dps,gy=5:dps,gz=6:dps');
    expect(said.filter((s) => s.startsWith('A column from 0 to 7'))).toHaveLength(3);
  });
});
