import { memoryLinkPair } from '../../src-main/link/memory.ts';
import { serveScriptedDut, type DutScript } from '../../src-main/sim/scripted-dut.ts';
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
      expected: { mode: script.mode ?? 'performance', inputBytes: 490, outputs: 3, mj: script.mj !== undefined },
      options: script.interfaceBoard ? { topology: 'interface-board' } : {},
      [Symbol.asyncDispose]: () => near[Symbol.asyncDispose](),
    };
  };
}

sessionContract('a scripted DUT on a memory link', onMemory({}));
sessionContract('a scripted DUT with mj on a memory link', onMemory({ mj: { id: MJ_ID } }));
sessionContract('a scripted energy-mode DUT on a memory link', onMemory({ mode: 'energy' }));
sessionContract('a scripted DUT behind an interface board', onMemory({ mode: 'energy', interfaceBoard: true }));
