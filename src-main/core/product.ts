import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

const repository = join(import.meta.dirname, '../..');

/** From package.json. */
export function productVersion(): string {
  const parsed = z
    .object({ version: z.string() })
    .safeParse(JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8')));
  return parsed.success ? parsed.data.version : 'unknown';
}
