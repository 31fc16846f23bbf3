#!/usr/bin/env node
// node scripts/pinned.mjs FILE [ARGS...]: runs a file on the Node the project is pinned to, after installing what is missing.
import { resolve } from 'node:path';
import process from 'node:process';
import { runMain } from './support/failure.mjs';
import { runPinned } from './support/run-pinned.mjs';

const [file, ...args] = process.argv.slice(2);

await runMain(async () => {
  if (file === undefined || file === '--help') {
    console.error('usage: node scripts/pinned.mjs FILE [ARGS...]');
    return file === undefined ? 2 : 0;
  }
  return await runPinned(resolve(file), args);
});
