#!/usr/bin/env node
// node scripts/tidegate.mjs VERB [ARGS...], or npm run -s tidegate -- VERB [ARGS...]: the gateway's command line; --help lists the verbs.
import process from 'node:process';
import { runMain } from './support/failure.mjs';
import { runPinned } from './support/run-pinned.mjs';

// npm starts scripts in the project's folder: paths are meant from where the person is.
if (process.env.npm_lifecycle_event === 'tidegate' && process.env.INIT_CWD) process.chdir(process.env.INIT_CWD);

await runMain(() => runPinned('gateway/src/main/cli.ts', process.argv.slice(2)));
