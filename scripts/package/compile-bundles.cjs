// Run by the target's own Node in a folder with `bundle/<thread>.cjs`: writes V8's code cache of each beside it. All functions of a bundle are in
// it, not only those that a start happens to run, so that it is the same each time. The arguments name bundles of which only the top level is.
const { readdirSync, readFileSync, writeFileSync } = require('node:fs');
const { setFlagsFromString } = require('node:v8');
const { argv } = require('node:process');
const { Script } = require('node:vm');

for (const file of readdirSync('bundle').filter((name) => name.endsWith('.cjs'))) {
  // The cache names the flags it was made under: both are set back before it is written, to be those of the executable.
  const isWhole = !argv.includes(file.replace(/\.cjs$/, ''), 2);
  if (isWhole) setFlagsFromString('--no-lazy');
  const script = new Script(readFileSync(`bundle/${file}`, 'latin1'), { filename: file });
  if (isWhole) setFlagsFromString('--lazy');
  writeFileSync(`bundle/${file.replace(/cjs$/, 'cache')}`, script.createCachedData());
}
