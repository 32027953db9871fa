import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HarnessMode } from '../../src-main/abi/generated.ts';
import { WallClock } from '../../src-main/base/clock.ts';
import { orThrow } from '../../src-main/base/errors.ts';
import { openProcess } from '../../src-main/link/process.ts';
import { openPty } from '../../src-main/link/pty.ts';
import { openSerial } from '../../src-main/link/serial.ts';
import { listenTcp, openTcp } from '../../src-main/link/tcp.ts';
import { memoryLinkPair } from '../../src-main/link/memory.ts';
import { openSimulatedBench } from '../../src-main/sim/simulated-bench.ts';
import { serveScriptedDut, type DutScript } from '../../src-main/sim/scripted-dut.ts';
import { buildHostDut } from '../host-dut.ts';
import { describeWith, needs } from '../needs.ts';
import { identityProgram } from '../unit/firmware/identity-program.ts';
import { imageOf } from '../unit/firmware/images.ts';
import { sessionContract, type SessionSubject } from './session.contract.ts';

const MJ_ID =
  'abi=1,fw=00c0ffee,program=deadbeef,model=0123456789abcdef,board=pico,mode=performance,clk=125000000,baud=115200,ops=2,arena=4096,in=490,out=3';

function scripted(script: DutScript): DutScript {
  return { inferenceUs: 12_345, ...script };
}

function onMemory(script: DutScript): () => Promise<SessionSubject> {
  return async () => {
    const { near, far } = memoryLinkPair();
    serveScriptedDut(far, scripted(script));
    return {
      link: near,
      expected: {
        mode: script.mode ?? 'performance',
        inputBytes: 490,
        outputs: 3,
        mj: script.mj !== undefined,
      },
      options: script.interfaceBoard ? { topology: 'interface-board' } : {},
      [Symbol.asyncDispose]: () => near[Symbol.asyncDispose](),
    };
  };
}

sessionContract('a scripted DUT on a memory link', onMemory({}));
sessionContract('a scripted DUT with mj on a memory link', onMemory({ mj: { id: MJ_ID } }));
sessionContract('a scripted energy-mode DUT on a memory link', onMemory({ mode: 'energy' }));
sessionContract(
  'a scripted DUT behind an interface board',
  onMemory({ mode: 'energy', interfaceBoard: true }),
);

/** In real time a scripted inference takes 2 ms; nothing here waits for more than that. */
const brisk: DutScript = { inferenceUs: 2_000, mj: { id: MJ_ID } };
const briskExpected = { mode: 'performance', inputBytes: 490, outputs: 3, mj: true } as const;

sessionContract('a scripted DUT over TCP', async () => {
  const clock = new WallClock();
  const listener = orThrow(await listenTcp({ port: 0, clock }, (far) => void serveScriptedDut(far, brisk)));
  const link = orThrow(await openTcp('127.0.0.1', listener.port, clock));
  return {
    link,
    expected: briskExpected,
    [Symbol.asyncDispose]: async () => {
      await link[Symbol.asyncDispose]();
      await listener[Symbol.asyncDispose]();
    },
  };
});

describeWith([needs.socat], 'with socat', () => {
  sessionContract('a scripted DUT on a pseudo-terminal through serialport', async () => {
    const clock = new WallClock();
    const pty = orThrow(await openPty(clock));
    serveScriptedDut(pty.link, { ...brisk, boots: false });
    const link = orThrow(await openSerial({ path: pty.path, baud: 115200, clock }));
    return {
      link,
      expected: briskExpected,
      options: { baud: 115200 },
      [Symbol.asyncDispose]: async () => {
        await link[Symbol.asyncDispose]();
        await pty[Symbol.asyncDispose]();
      },
    };
  });
});

// Large enough that one inference takes more than the 1 µs of the counter
const program = identityProgram({ units: 64, layers: 5, scale: 1 / 256, zeroPoint: -128 });

for (const mode of ['performance', 'energy'] as const)
  sessionContract(`the emulated Pico, ${mode} mode`, async () => {
    const bench = orThrow(await openSimulatedBench({ seed: 1, monitor: 'none' }));
    const image = imageOf(program, {
      mode: mode === 'energy' ? HarnessMode.Energy : HarnessMode.Performance,
    });
    orThrow(await bench.programmer.program(image.uf2));
    return {
      link: bench.dut,
      expected: { mode, inputBytes: 64, outputs: 64, mj: true },
      options: { baud: mode === 'energy' ? 9600 : 115200, bootUs: 1_000_000 },
      [Symbol.asyncDispose]: () => Promise.resolve(bench[Symbol.asyncDispose]()),
    };
  });

describeWith([needs.hostCc], 'with a host C compiler', () => {
  // Performance only: before each energy window the device rests for 1 s, and this process does so in real time
  sessionContract("the firmware's harness as a process", async () => {
    const folder = mkdtempSync(join(tmpdir(), 'microjoule-image-'));
    const image = join(folder, 'image.bin');
    writeFileSync(image, imageOf(program).bin);
    const link = orThrow(await openProcess(buildHostDut(), [image], new WallClock()));
    return {
      link,
      expected: { mode: 'performance', inputBytes: 64, outputs: 64, mj: true },
      [Symbol.asyncDispose]: async () => {
        await link[Symbol.asyncDispose]();
        rmSync(folder, { recursive: true });
      },
    };
  });
});
