/**
 * Writes the pages that come from tables in the code, so that they cannot differ from it. With --check it writes nothing and
 * fails when a page differs: what continuous integration runs.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { renderExample } from '../gateway/src/config/render-example.ts';
import { renderReference } from '../gateway/src/config/render-reference.ts';
import { renderSchema } from '../gateway/src/config/render-schema.ts';
import { renderCommands, renderFaults, renderMetrics } from './render-tables.ts';

const HELP = `Usage: npm run docs [-- --check]

Writes docs/reference/{commands,faults,metrics,settings}.md, docs/reference/tidegate.schema.json and gateway/tidegate.example.toml
from the tables in the code.

  --check   write nothing; exit 1 and name each file that differs
  --help    this text
`;

/** Path below the root of the repository → its text. */
const PAGES: Readonly<Record<string, () => string>> = {
  'docs/reference/commands.md': renderCommands,
  'docs/reference/faults.md': renderFaults,
  'docs/reference/metrics.md': renderMetrics,
  'docs/reference/settings.md': renderReference,
  'docs/reference/tidegate.schema.json': renderSchema,
  'gateway/tidegate.example.toml': renderExample,
};

const root = join(import.meta.dirname, '..');

function readOrUndefined(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw thrown;
  }
}

function main(): number {
  const { values } = parseArgs({ options: { check: { type: 'boolean' }, help: { type: 'boolean' } } });
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  let differing = 0;
  for (const [name, render] of Object.entries(PAGES)) {
    const path = join(root, name);
    const text = render();
    if (readOrUndefined(path) === text) continue;
    differing++;
    if (values.check) {
      process.stderr.write(`${name}: differs from the tables in the code; run \`npm run docs\`\n`);
      continue;
    }
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    process.stdout.write(`${name}: written\n`);
  }
  return values.check && differing > 0 ? 1 : 0;
}

process.exitCode = main();
