import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { orThrow } from '../../src-main/base/errors.ts';
import { host } from '../../src-main/board/host.ts';
import { pico } from '../../src-main/board/pico.ts';
import { qemuBoards } from '../../src-main/board/qemu.ts';
import { compile } from '../../src-main/compile/compile.ts';
import { KernelChoice } from '../../src-main/contract/index.ts';
import { recordIn, tflmRecord, type TflmChecks } from '../../src-main/engine/tflm-record.ts';
import { readModel } from '../../src-main/model/reader.ts';
import { describeWith, needs, root, sharedDir } from '../needs.ts';

/** Models in a folder that no committed record calls equal to TFLM; each is a reason to run `npm run golden`. */
function unchecked(folder: string): string[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.tflite'))
    .filter((file) => {
      const graph = orThrow(readModel(readFileSync(join(folder, file)), basename(file, '.tflite')));
      const programs = [
        ...KernelChoice.options.map((choice) => compile(graph, pico, { choice })),
        ...[...qemuBoards, host].map((board) => compile(graph, board)),
      ];
      return programs.some((program) => {
        const { programHash } = orThrow(program);
        return (tflmRecord(graph.sha256, programHash)?.inputs ?? 0) < 20;
      });
    });
}

describe('records of Programs checked against TFLM', () => {
  it('hold for the committed engine and for what the compiler makes of our models', () => {
    const folder = join(root, 'models');
    expect(existsSync(folder) ? unchecked(folder) : []).toEqual([]);
  });

  it('say nothing about another Program of the same model, or the same Program of another model', () => {
    const check = { model: 'm', modelSha256: 'aa', programHash: '12345678', inputs: 24 };
    const all: TflmChecks = { tflmVersion: 'v', engineSha256: 'e', checks: [check] };
    expect(recordIn(all, 'aa', '12345678')).toEqual({
      programHash: '12345678',
      tflmVersion: 'v',
      inputs: 24,
      record: 'data/tflm-checks.json',
    });
    expect(recordIn(all, 'aa', '87654321')).toBeNull();
    expect(recordIn(all, 'bb', '12345678')).toBeNull();
  });
});

describeWith([needs.shared], 'records of the MLPerf Tiny reference models', () => {
  it('hold for what the compiler makes of them', () => {
    expect(unchecked(join(sharedDir!, 'data/models'))).toEqual([]);
  });
});
