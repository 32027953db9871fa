#!/usr/bin/env node
import * as nodeModule from 'node:module';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { ensurePinnedNode } from '../pinned-node.mjs';

await ensurePinnedNode(fileURLToPath(import.meta.url));
// V8 may abort while it frees the code of WASM functions that were tiered up (nodejs/node issue 64500)
setFlagsFromString('--no-wasm-code-gc');
// keeps what type stripping and compiling made of the sources for the next start
nodeModule.enableCompileCache?.();
const { main } = await import('./main.ts');
await main(process.argv);
