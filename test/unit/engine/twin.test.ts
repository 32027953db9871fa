import { describe, expect, it } from 'vitest';
import { orThrow, type Result } from '../../../src-main/base/errors.ts';
import { Rng } from '../../../src-main/base/rng.ts';
import { pico } from '../../../src-main/board/pico.ts';
import { compile } from '../../../src-main/compile/compile.ts';
import type { Program } from '../../../src-main/compile/program.ts';
import { openTwin } from '../../../src-main/engine/twin.ts';
import { readModel } from '../../../src-main/model/reader.ts';
import { writeModel } from '../../../src-main/model/writer.ts';
import { smallGraphs } from '../../golden/small-graphs.ts';
import { sealed } from './hand-program.ts';

function programOf(name: string): Program {
  return orThrow(compile(orThrow(readModel(writeModel(smallGraphs[name]!), name)), pico));
}

function randomInputs(program: Program, seed = 1): Uint8Array[] {
  const rng = new Rng(seed);
  return program.inputs.map((t) => rng.bytes(program.tensors[t]!.bytes));
}

/** A copy with one 32-bit word changed and the CRC made right again. */
function withWord(program: Program, at: number, value: number): Uint8Array {
  const bytes = Uint8Array.from(program.bytes);
  new DataView(bytes.buffer).setUint32(at, value, true);
  return sealed(bytes);
}

async function refusal(program: Uint8Array): Promise<unknown> {
  const opened: Result<unknown> = await openTwin(program);
  return opened.ok ? null : [opened.id, opened.facts.status];
}

describe('host twin', () => {
  it('gives the same outputs whole and operator by operator, and what each operator wrote', async () => {
    const program = programOf('residual blocks');
    await using twin = orThrow(await openTwin(program.bytes));
    const inputs = randomInputs(program);
    const outputs = orThrow(twin.infer(inputs));
    const tapped = orThrow(twin.inferWithTaps(inputs));
    expect(tapped.outputs).toEqual(outputs);
    expect(tapped.taps.map((tap) => tap.opIndex)).toEqual(program.ops.map((_, i) => i));
    expect(tapped.taps.map((tap) => tap.bytes.length)).toEqual(
      program.ops.map((op) => program.tensors[op.outputs[0]!]!.bytes),
    );
    expect(tapped.taps.at(-1)!.bytes).toEqual(outputs[0]);
    expect(twin.opNames).toEqual(program.ops.map((op) => op.name));
  });

  it('forgets nothing and remembers nothing: the same input gives the same output after others', async () => {
    const program = programOf('residual blocks');
    await using twin = orThrow(await openTwin(program.bytes));
    const first = orThrow(twin.infer(randomInputs(program, 1)));
    const other = orThrow(twin.infer(randomInputs(program, 2)));
    expect(other).not.toEqual(first);
    expect(orThrow(twin.infer(randomInputs(program, 1)))).toEqual(first);
  });

  it('keeps two twins apart', async () => {
    const program = programOf('two inputs');
    await using a = orThrow(await openTwin(program.bytes));
    await using b = orThrow(await openTwin(program.bytes));
    const before = orThrow(a.infer(randomInputs(program, 3)));
    orThrow(b.infer(randomInputs(program, 4)));
    expect(orThrow(a.infer(randomInputs(program, 3)))).toEqual(before);
  });

  it('reads two inputs and gives two outputs in the model’s order', async () => {
    const program = programOf('two outputs');
    await using twin = orThrow(await openTwin(program.bytes));
    const outputs = orThrow(twin.infer(randomInputs(program)));
    expect(outputs.map((o) => o.length)).toEqual([24, 60]);
  });

  it('refuses inputs of another number or size, and any after it was disposed', async () => {
    const program = programOf('two inputs');
    const twin = orThrow(await openTwin(program.bytes));
    const inputs = randomInputs(program);
    expect(twin.infer(inputs.slice(1))).toMatchObject({ ok: false, id: 'engine.input-size' });
    expect(twin.infer([inputs[0]!, inputs[1]!.slice(1)])).toMatchObject({
      ok: false,
      id: 'engine.input-size',
    });
    twin.dispose();
    expect(twin.infer(inputs)).toMatchObject({ ok: false, id: 'engine.closed' });
  });
});

describe('Programs the engine refuses', () => {
  const program = programOf('keyword spotter');

  it('names what is wrong with magic, version, CRC and length', async () => {
    const flipped = Uint8Array.from(program.bytes);
    flipped[200]! ^= 1;
    expect(await refusal(new Uint8Array(10))).toEqual(['engine.program-refused', 'BadMagic']);
    expect(await refusal(withWord(program, 0, 1))).toEqual(['engine.program-refused', 'BadMagic']);
    expect(await refusal(withWord(program, 4, 0x00800002))).toEqual(['engine.program-refused', 'BadVersion']);
    expect(await refusal(flipped)).toEqual(['engine.program-refused', 'BadCrc']);
    expect(await refusal(program.bytes.slice(0, -16))).toEqual(['engine.program-refused', 'BadLayout']);
  });

  it('names a kernel that this build does not carry', async () => {
    const kernelAt = program.header.opsOffset;
    const opcode = program.ops[0]!.opcode;
    expect(await refusal(withWord(program, kernelAt, (999 << 16) | opcode))).toEqual([
      'engine.program-refused',
      'UnknownKernel',
    ]);
  });

  it('refuses scratch smaller than CONV_2D needs: the kernel would write into a tensor', async () => {
    const scratchBytesAt = program.header.opsOffset + 24;
    expect(program.ops[0]!.scratchBytes).toBeGreaterThan(0);
    expect(await refusal(withWord(program, scratchBytesAt, 4))).toEqual([
      'engine.program-refused',
      'BadParams',
    ]);
  });

  it('survives an arena of 4 GB and more', async () => {
    const arenaBytesAt = 48;
    const opened = await openTwin(withWord(program, arenaBytesAt, 0xfffffff0));
    expect(opened.ok).toBe(false);
  });
});
