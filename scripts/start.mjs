#!/usr/bin/env node
// npm start [-- ARGS...]: runs the gateway on real readings; -- --help lists what it takes, for example -- --for 30s.
import process from 'node:process';
import { ensureDebianPackages, isInstallAllowed } from './support/debian.mjs';
import { runMain } from './support/failure.mjs';
import { runPinned } from './support/run-pinned.mjs';

const args = process.argv.slice(2);

await runMain(async () => {
  // The cloud's side of the demonstration. Without it the gateway runs all the same, and says that it is not connected.
  if (isInstallAllowed() && !args.includes('--help'))
    await ensureDebianPackages(['nats-server'], { timeoutMs: 180_000 });
  return await runPinned('gateway/src/main/demo.ts', args);
});
