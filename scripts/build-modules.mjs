/**
 * Compiles every WASM module that is older than its sources: modules/<id>/build/<id>.wasm, and build/manifest.json with the
 * hash of it. Says one line for each module built and nothing when all are up to date. What stands in the folder tells the
 * language. Modules in C and Rust are examples: where their compiler is not installed, or is another than they were written for, they
 * are skipped with a line. Runs on Node 18 or later.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { languageOf } from './support/module-languages.mjs';

const HELP = `Usage: npm run build:modules -- [--force] [--require] [<id>...]

Compiles the WASM modules below modules/ (all, or those named) that are older than their sources.

  --force     compile them in any case
  --require   a module in C or Rust that cannot be compiled here is an error, not a line
  --help      this text
`;

const root = fileURLToPath(new URL('..', import.meta.url));
const modules = join(root, 'modules');
try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`build-modules: ${error.message}\n`);
  process.exitCode = 1;
}

async function main(args) {
  if (args.includes('--help')) {
    process.stdout.write(HELP);
    return 0;
  }
  const isForced = args.includes('--force');
  const isRequired = args.includes('--require');
  const known = readdirSync(modules).filter((id) => existsSync(join(modules, id, 'manifest.json')));
  const named = args.filter((arg) => arg !== '--force' && arg !== '--require');
  for (const id of named) {
    if (!known.includes(id)) {
      process.stderr.write(`build-modules: no module "${id}"; expected one of ${known.join(', ')}, or --help\n`);
      return 2;
    }
  }
  let skipped = 0;
  for (const id of named.length > 0 ? named : known) {
    const language = languageOf(join(modules, id));
    if (!isForced && !isStale(id, language)) continue;
    const reason = await buildOrReason(id, language);
    if (reason === '') continue;
    skipped++;
    process.stderr.write(`${id}: skipped, ${reason}\n`);
  }
  return isRequired && skipped > 0 ? 1 : 0;
}

/** Why the module was not built, or '' when it was. @throws Error for a module the gateway cannot do without. */
async function buildOrReason(id, language) {
  if (!language.isInstalled()) return `its compiler is not installed (Debian: ${language.packages})`;
  try {
    await build(id, language);
    return '';
  } catch (error) {
    if (language.isEssential) throw error;
    return `it does not compile here: ${error.message}`;
  }
}

/** Whether a file the build is made from is at least as new as the build. */
function isStale(id, { sources, sdk }) {
  const built = [join(modules, id, 'build', `${id}.wasm`), join(modules, id, 'build', 'manifest.json')];
  if (!built.every((path) => existsSync(path))) return true;
  const oldest = Math.min(...built.map((path) => statSync(path).mtimeMs));
  const made = [
    fileURLToPath(import.meta.url),
    join(root, 'scripts', 'support', 'module-languages.mjs'),
    join(root, 'node_modules', 'assemblyscript', 'package.json'),
    join(modules, id, 'manifest.json'),
    ...filesBelow(join(modules, id, sources), ['build', 'vectors']),
    ...filesBelow(join(modules, sdk), []),
  ];
  return made.some((path) => existsSync(path) && statSync(path).mtimeMs >= oldest);
}

function filesBelow(folder, except) {
  const entries = readdirSync(folder, { withFileTypes: true }).filter(({ name }) => !except.includes(name));
  return entries.flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? filesBelow(path, []) : [path];
  });
}

/** The new files take the place of the old ones whole, so that a reader or a second build beside us never meets half of one. */
async function build(id, { entry, compile }) {
  const folder = join(modules, id, 'build');
  const manifest = JSON.parse(readFileSync(join(modules, id, 'manifest.json'), 'utf8'));
  mkdirSync(folder, { recursive: true });
  const draft = `${id}.${process.pid}.tmp`;
  try {
    await compile(`modules/${id}/${entry(id)}`, `modules/${id}/build/${draft}`, manifest.limits.memoryPages);
    const wasm = readFileSync(join(folder, draft));
    const sha256 = createHash('sha256').update(wasm).digest('hex');
    renameSync(join(folder, draft), join(folder, `${id}.wasm`));
    writeFileSync(join(folder, draft), `${JSON.stringify({ ...manifest, sha256 }, null, 2)}\n`);
    renameSync(join(folder, draft), join(folder, 'manifest.json'));
    process.stdout.write(`${id} ${manifest.version}: ${wasm.length} octets, sha256 ${sha256}\n`);
  } finally {
    rmSync(join(folder, draft), { force: true });
  }
}
