/** The link contract over the simulated bench: the far side is an emulated Pico that echoes. */
import { orThrow } from '../../src-main/base/errors.ts';
import { encodeUf2 } from '../../src-main/compile/uf2.ts';
import { openSimulatedBench } from '../../src-main/sim/simulated-bench.ts';
import { echoImage, FLASH } from '../unit/sim/pico/script-image.ts';
import { linkContract } from './link.contract.ts';

for (const inProcess of [true, false])
  linkContract(`the simulated world (${inProcess ? 'in process' : 'in a worker'})`, async () => {
    const bench = orThrow(await openSimulatedBench({ seed: 1, monitor: 'none', inProcess }));
    const segments = echoImage().map(({ offset, bytes }) => ({ address: FLASH + offset, bytes }));
    orThrow(await bench.programmer.program(encodeUf2(segments, 0xe48b_ff56)));
    await bench.clock.sleepUntilUs(10_000);
    return {
      link: bench.dut,
      cut: () => bench.unplug('dut'),
      [Symbol.asyncDispose]: () => bench[Symbol.asyncDispose](),
    };
  });
