import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { Status } from '../../../src-main/abi/generated.ts';
import { openTwin } from '../../../src-main/engine/twin.ts';
import { describeWith, needs } from '../../needs.ts';
import { handProgram } from './hand-program.ts';
import { engineFolder, NativeEngine } from './native-engine.ts';

const NEGATE = 900;

/** The whole kernel: docs/how-to/add-a-kernel.md walks through it. */
const source = `
#include "../mj_fixed.h"
#include "../mj_kernels.h"

bool mj_negate_s8_check(const mj_engine *engine, const mj_op_record *op) {
  const mj_copy_params *p = mj_const(&engine->context, op->params_offset);
  if (op->params_bytes < sizeof(*p)) return false;
  return mj_input_is(engine, op, 0, MJ_DTYPE_INT8, p->bytes) && mj_output_is(engine, op, 0, MJ_DTYPE_INT8, p->bytes);
}

mj_status mj_negate_s8_run(const mj_context *context, const mj_op_record *op) {
  const mj_copy_params *p = mj_const(context, op->params_offset);
  const int8_t *in = mj_op_input(context, op, 0);
  int8_t *out = mj_op_output(context, op, 0);
  for (uint32_t i = 0; i < p->bytes; i++) out[i] = (int8_t)mj_clamp(-in[i], -128, 127);
  return MJ_STATUS_OK;
}
`;

function negateProgram(elements: number, claimed = elements): Uint8Array {
  return handProgram({
    tensors: [{ elements }, { elements }],
    inputs: [0],
    outputs: [1],
    ops: [
      {
        opcode: 59,
        kernel: NEGATE,
        inputs: [0],
        outputs: [1],
        paramsBytes: 16,
        params: (view, at) => view.setUint32(at, claimed, true),
      },
    ],
  });
}

describeWith([needs.hostCc], 'a kernel is one C file and one line in list.h', () => {
  const folder = mkdtempSync(join(tmpdir(), 'microjoule-kernel-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const input = Uint8Array.from([0, 1, 127, 128, 255]);
  const request = (program: Uint8Array) => ({
    program,
    arenaBytes: 64,
    sets: [input],
    outputBytes: input.length,
  });

  it('runs where it is registered, refuses parameters that do not fit, and is unknown elsewhere', async () => {
    cpSync(engineFolder, folder, { recursive: true });
    writeFileSync(join(folder, 'kernels/negate_s8.c'), source);
    const registry = join(folder, 'kernels/list.h');
    const lines = readFileSync(registry, 'utf8').replace(
      /K\(MJ_KERNEL_DEQUANTIZE, mj_dequantize\)/,
      `K(MJ_KERNEL_DEQUANTIZE, mj_dequantize) K(${NEGATE}, mj_negate_s8)`,
    );
    writeFileSync(registry, lines);
    using engine = new NativeEngine([], folder);
    const [good, bad] = engine.run([request(negateProgram(5)), request(negateProgram(5, 6))]);
    expect(good!.opened).toBe(Status.Ok);
    expect([...good!.runs[0]!.outputs]).toEqual([0, 255, 129, 127, 1]);
    expect(bad!.opened).toBe(Status.BadParams);
    expect(await openTwin(negateProgram(5))).toMatchObject({ ok: false, facts: { status: 'UnknownKernel' } });
  });
});
