/**
 * `node scripts/probe-tfjs.ts [--quiet]`: exit 0 when tfjs-node's native addon loads and computes, else 1.
 * setup-tfjs.sh asks it before and after its work.
 */
import { failureText } from '../src-main/base/errors.ts';
import { openTfjs } from '../src-main/engine/tfjs.ts';

const opened = await openTfjs('training', 'native');
const quiet = process.argv.includes('--quiet');
if (!opened.ok) {
  if (!quiet) console.error(failureText(opened));
  process.exit(1);
}
const { tf, description } = opened.value;
const four = (
  await tf
    .tensor2d([[1, 2]])
    .matMul(tf.tensor2d([[2], [1]]))
    .data()
)[0];
if (!quiet) console.log(description);
process.exit(four === 4 ? 0 : 1);
