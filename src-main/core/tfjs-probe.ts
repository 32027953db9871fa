/** A process of its own for the doctor: which TensorFlow.js loads, as one JSON document on standard output. */
import { writeSync } from 'node:fs';
import { openTfjs } from '../engine/tfjs.ts';
import type { TensorflowProbe } from './doctor.ts';

const tf = await openTfjs('training', 'native');
const answer: TensorflowProbe = tf.ok
  ? { native: true, fact: `TensorFlow.js runs on ${tf.value.description}` }
  : {
      native: false,
      fact: 'TensorFlow.js has no native library here; its own JavaScript is used, which is slow',
    };
writeSync(1, JSON.stringify(answer));
// the library's threads need no farewell
process.exit(0);
