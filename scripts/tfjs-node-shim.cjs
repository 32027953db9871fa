// tfjs-node 4.22 calls util functions that Node 23 removed; its install script runs outside our seam.
const util = require('node:util');
util.isNullOrUndefined ??= (value) => value === null || value === undefined;
util.isArray = Array.isArray;
