import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { describeWith, needs, root } from '../../needs.ts';

describeWith([needs.wasmClang], 'the committed engine.wasm', () => {
  it('is what its C sources give', () => {
    const run = spawnSync(process.execPath, [join(root, 'scripts/build-wasm.ts'), '--check'], {
      encoding: 'utf8',
    });
    expect(run.stderr).toBe('');
    expect(run.status).toBe(0);
  });
});
