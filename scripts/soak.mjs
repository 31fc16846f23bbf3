#!/usr/bin/env node
// npm run soak [-- OPTIONS]: hours under the rated load, and whether anything grows; docs/reference/service.md says how to read it.
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { ensureDebianPackages, isInstallAllowed } from './support/debian.mjs';
import { runMain } from './support/failure.mjs';
import { PROJECT } from './support/project.mjs';
import { runPinned } from './support/run-pinned.mjs';

const USAGE = `usage: npm run soak -- [OPTIONS]
  --for SPAN            how long the load lasts (60s)
  --rate N              messages of one reading a second (2000); a quarter as many, with 20 readings each, come besides
  --every SPAN          from one line to the next (5s)
  --replace-every SPAN  a module is replaced by its next version so often (1m)
  --warm-up SPAN        lines before it do not count for the trend (a third of the run, 15m at most)
  --exe FILE            the packaged executable (dist/tidegate-<this machine> when it is there, else the sources)
  --sources             the sources, whatever stands in dist
  --no-cloud            without nats-server and sink
  --json                one JSON object at the end instead of lines
Ends with 1 when anything was lost, the ledger does not balance, or a module does not run.`;

const OPTIONS = {
  for: { type: 'string' },
  rate: { type: 'string' },
  every: { type: 'string' },
  'replace-every': { type: 'string' },
  'warm-up': { type: 'string' },
  exe: { type: 'string' },
  sources: { type: 'boolean' },
  'no-cloud': { type: 'boolean' },
  json: { type: 'boolean' },
  help: { type: 'boolean' },
};

await runMain(async () => {
  let values;
  try {
    ({ values } = parseArgs({ options: OPTIONS }));
  } catch (error) {
    console.error(`${error.message}\n${USAGE}`);
    return 2;
  }
  if (values.help) {
    console.log(USAGE);
    return 0;
  }
  if (!values['no-cloud'] && isInstallAllowed()) {
    const { missing, reason } = await ensureDebianPackages(['nats-server']);
    if (missing.length > 0) console.error(`without a cloud: not installed: ${missing.join(', ')} (${reason})`);
  }
  const { sources, exe, ...rest } = values;
  const built = join(PROJECT, 'dist', `tidegate-${process.platform}-${process.arch}`);
  const file = exe !== undefined ? resolve(exe) : !sources && existsSync(built) ? built : undefined;
  const args = Object.entries({ ...rest, ...(file && { exe: file }) }).flatMap(([name, value]) =>
    value === true ? [`--${name}`] : [`--${name}`, value],
  );
  return await runPinned('test/bench/soak.ts', args);
});
