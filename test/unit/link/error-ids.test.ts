import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { root } from '../../needs.ts';

const used = new Set(
  ['link', 'device'].flatMap((folder) => {
    const dir = join(root, 'src-main', folder);
    return readdirSync(dir).flatMap((f) =>
      [...readFileSync(join(dir, f), 'utf8').matchAll(/'((?:link|programmer|device)\.[a-z0-9-]+)'/g)].map(
        (m) => m[1]!,
      ),
    );
  }),
);
const page = readFileSync(join(root, 'docs/errors/link-device.md'), 'utf8');
const documented = new Set(
  [...page.matchAll(/`((?:link|programmer|device)\.[a-z0-9-]+)`/g)].map((m) => m[1]!),
);

describe('error ids of links, programmers and devices', () => {
  it('are all on their page, and the page has no others', () => {
    expect(used.size).toBeGreaterThan(40);
    expect([...used].filter((id) => !documented.has(id))).toEqual([]);
    expect([...documented].filter((id) => !used.has(id))).toEqual([]);
  });
});
