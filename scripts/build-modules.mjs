/**
 * Compiles every WASM module that is older than its sources: modules/<id>/build/<id>.wasm, and build/manifest.json with the
 * hash of it. Says one line for each module built and nothing when all are up to date. Runs on Node 18 or later.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const HELP = `Usage: npm run build:modules -- [--force] [<id>...]

Compiles the WASM modules below modules/ (all, or those named) that are older than their sources.

  --force   compile them in any case
  --help    this text
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
  const known = readdirSync(modules).filter((id) => existsSync(join(modules, id, 'manifest.json')));
  const named = args.filter((arg) => arg !== '--force');
  for (const id of named) {
    if (!known.includes(id)) {
      process.stderr.write(`build-modules: no module "${id}"; expected one of ${known.join(', ')}, or --help\n`);
      return 2;
    }
  }
  for (const id of named.length > 0 ? named : known) if (isForced || isStale(id)) await build(id);
  return 0;
}

/** Whether a file the build is made from is at least as new as the build. */
function isStale(id) {
  const built = [join(modules, id, 'build', `${id}.wasm`), join(modules, id, 'build', 'manifest.json')];
  if (!built.every((path) => existsSync(path))) return true;
  const oldest = Math.min(...built.map((path) => statSync(path).mtimeMs));
  const sources = [
    fileURLToPath(import.meta.url),
    join(root, 'node_modules', 'assemblyscript', 'package.json'),
    join(modules, id, 'manifest.json'),
    ...filesBelow(join(modules, id, 'assembly')),
    ...filesBelow(join(modules, 'abi', 'assembly')),
  ];
  return sources.some((path) => existsSync(path) && statSync(path).mtimeMs >= oldest);
}

function filesBelow(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? filesBelow(path) : [path];
  });
}

/** The new files take the place of the old ones whole, so that a reader or a second build beside us never meets half of one. */
async function build(id) {
  const folder = join(modules, id, 'build');
  const manifest = JSON.parse(readFileSync(join(modules, id, 'manifest.json'), 'utf8'));
  mkdirSync(folder, { recursive: true });
  const draft = `${id}.${process.pid}.tmp`;
  try {
    await compile(`modules/${id}/assembly/index.ts`, `modules/${id}/build/${draft}`, manifest.limits.memoryPages);
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

/** The memory starts at its maximum: it never grows, and the host's views of it stay valid (see modules/abi/assembly/arena.ts). */
async function compile(entry, output, memoryPages) {
  const { default: asc } = await import('assemblyscript/asc');
  const options = ['-O3', '--noAssert', '--runtime', 'stub', '--use', 'abort='];
  const memory = ['--initialMemory', String(memoryPages), '--maximumMemory', String(memoryPages)];
  const { error, stderr } = await asc.main([entry, '--baseDir', root, '--outFile', output, ...options, ...memory]);
  if (error) throw new Error(`${entry}: ${error.message}\n${stderr.toString()}`);
}
