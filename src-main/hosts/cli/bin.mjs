#!/usr/bin/env node
import * as nodeModule from 'node:module';
import { fileURLToPath } from 'node:url';
import { ensurePinnedNode } from '../pinned-node.mjs';

await ensurePinnedNode(fileURLToPath(import.meta.url));
// keeps what type stripping and compiling made of the sources for the next start
nodeModule.enableCompileCache?.();
const { main } = await import('./main.ts');
await main(process.argv);
