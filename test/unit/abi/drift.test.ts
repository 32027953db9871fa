import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { enums, structs } from '../../../src-main/abi/schema.ts';
import { root } from '../../needs.ts';

describe('abi', () => {
  it('TypeScript, C and the format page are what the schema generates', () => {
    const run = spawnSync(process.execPath, [join(root, 'scripts/generate-abi.ts'), '--check'], {
      encoding: 'utf8',
    });
    expect(run.stderr).toBe('');
    expect(run.status).toBe(0);
  });

  it('no enumeration uses a value or a name twice', () => {
    for (const e of enums) {
      expect(new Set(e.values.map((v) => v.value)).size, e.name).toBe(e.values.length);
      expect(new Set(e.values.map((v) => v.name)).size, e.name).toBe(e.values.length);
    }
  });

  it('every kernel parameter struct is a multiple of 16 bytes, so that the next one starts aligned', () => {
    for (const s of structs.filter((s) => s.name.endsWith('Params'))) expect(s.bytes % 16, s.name).toBe(0);
  });
});
