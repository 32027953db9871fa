import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { ensurePinnedNode } from './pinned-node.mjs';

await ensurePinnedNode(fileURLToPath(import.meta.url));
// V8 may abort while it frees the code of WASM functions that were tiered up (nodejs/node issue 64500)
setFlagsFromString('--no-wasm-code-gc');
const { start } = await import('./start.ts');
await start(process.argv.slice(2));
