/** Records without end into the file named on the command line, and prints the committed length after each commit. */
import { TraceFile } from '../../../src-main/store/trace-file.ts';
import { orThrow } from '../../../src-main/base/errors.ts';
import { ChunkWriter } from '../../../src-main/trace/recorder.ts';
import { plainCodec, plainWord } from './plain-codec.ts';
import { plainHeader } from './written-trace.ts';

const file = orThrow(TraceFile.create(process.argv[2]!, plainHeader()));
const writer = new ChunkWriter(file.header, file, plainCodec);
writer.calibration('{}');
writer.supply({ volts: 3, uncertaintyV: 0, origin: 'set-point' });
const words = new Uint32Array(1000);
for (let n = 0; ; n += words.length) {
  for (let i = 0; i < words.length; i++)
    words[i] = plainWord((n + i) % 4_000_000, 0, Math.floor((n + i) / 5000) & 1);
  writer.words(words, 0, words.length);
  const before = writer.committedSamples;
  orThrow(await writer.settle());
  if (writer.committedSamples > before) process.stdout.write(`${writer.committedSamples}\n`);
}
