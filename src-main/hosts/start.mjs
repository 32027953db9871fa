import { fileURLToPath } from 'node:url';
import { ensurePinnedNode } from './pinned-node.mjs';

await ensurePinnedNode(fileURLToPath(import.meta.url));
const { start } = await import('./start.ts');
await start(process.argv.slice(2));
