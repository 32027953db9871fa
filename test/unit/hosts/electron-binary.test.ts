import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { electronBinary } from '../../../src-main/hosts/electron-binary.ts';

const dir = mkdtempSync(join(tmpdir(), 'microjoule-electron-'));
afterAll(() => rmSync(dir, { recursive: true }));

function packageFolder(name: string): string {
  const folder = join(dir, name);
  mkdirSync(join(folder, 'dist'), { recursive: true });
  return folder;
}
const put = (folder: string) => writeFileSync(join(folder, 'dist/electron'), '');

describe("Electron's binary", () => {
  it('is taken without a word where it is', async () => {
    const folder = packageFolder('there');
    put(folder);
    const said: string[] = [];
    expect(
      await electronBinary({
        folder,
        note: (l) => said.push(l),
        reachable: () => Promise.reject(new Error('asked')),
      }),
    ).toBe(join(folder, 'dist/electron'));
    expect(said).toEqual([]);
  });

  it('is not fetched where the network does not answer, and that is said before it is tried', async () => {
    const order: string[] = [];
    const found = await electronBinary({
      folder: packageFolder('offline'),
      note: (line) => order.push(line.includes('fetch') ? 'note' : line),
      reachable: async () => {
        order.push('reachable?');
        return false;
      },
      install: async () => void order.push('install'),
    });
    expect(found).toBeNull();
    expect(order).toEqual(['note', 'reachable?']);
  });

  it('is fetched where it can be', async () => {
    const folder = packageFolder('online');
    const found = await electronBinary({
      folder,
      note: () => {},
      reachable: async () => true,
      install: async (to) => put(to),
    });
    expect(found).toBe(join(folder, 'dist/electron'));
  });

  it('is not asked for where the package is not installed', async () => {
    expect(await electronBinary({ folder: null, note: () => {} })).toBeNull();
  });
});
