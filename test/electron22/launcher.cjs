/**
 * `electron [switches] [-r MODULE]… ENTRY [arguments]`: what Electron's default app does, which the Electron of the desktop
 * tests comes without. Playwright passes a module of its own with -r.
 */
const { app } = require('electron');
const path = require('node:path');

process.defaultApp = true;
const words = process.argv.slice(1);
let entry;
for (let i = 0; i < words.length && entry === undefined; i++) {
  if (words[i] === '-r') require(path.resolve(words[++i]));
  else if (!words[i].startsWith('-')) entry = path.resolve(words[i]);
}
if (entry === undefined) {
  console.error('usage: electron ENTRY.cjs');
  app.exit(2);
} else {
  app.setAppPath(path.dirname(entry));
  app.setName('Microjoule');
  require(entry);
}
