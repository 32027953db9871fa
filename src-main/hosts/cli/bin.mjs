#!/usr/bin/env node
import { fileURLToPath } from 'node:url';
import { ensurePinnedNode } from '../pinned-node.mjs';

ensurePinnedNode(fileURLToPath(import.meta.url));
const { main } = await import('./main.ts');
await main(process.argv);
