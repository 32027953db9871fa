#!/usr/bin/env node
import { enableCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';
import { ensurePinnedNode } from '../pinned-node.mjs';

ensurePinnedNode(fileURLToPath(import.meta.url));
// keeps what type stripping and compiling made of the sources for the next start
enableCompileCache();
const { main } = await import('./main.ts');
await main(process.argv);
