/** The steps of a build, in order. Called by scripts/package.mjs on the pinned Node with the options as JSON. */
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import process from 'node:process';
import { constants, zstdCompressSync } from 'node:zlib';
import { exclusively } from '../support/exclusive.mjs';
import { runMain } from '../support/failure.mjs';
import { PROJECT } from '../support/project.mjs';
import { auditPackages } from './audit.mjs';
import { expectPlainPaths } from './build-paths.mjs';
import { bundleAll } from './bundles.mjs';
import { codeCaches } from './code-cache.mjs';
import { makeExecutable, sha256 } from './executable.mjs';
import { licencesText } from './licences.mjs';
import { nativeParts } from './native-parts.mjs';
import { bundledPackages } from './packages.mjs';
import { fileParts } from './parts.mjs';
import { pinnedNode } from './pinned-node.mjs';
import { reportSizes, signatureKey, writeSums } from './release.mjs';
import { makeSbom, sqliteVersion, validateSbom } from './sbom.mjs';
import { sourceFacts } from './source.mjs';
import { targetOf } from './targets.mjs';
import { ensureTools } from './tools.mjs';

/** Of a build beside us that has the same work folder. */
const LOCK_WAIT_MS = 15 * 60_000;

const options = JSON.parse(process.argv[2]);
const out = resolve(options.out ?? join(PROJECT, 'dist'));
const work = resolve(options.work ?? join(PROJECT, '.cache', 'package'));

await runMain(async () => {
  const onWait = (pid) => console.error(`Waiting for another build (process ${pid}) in ${work}...`);
  return await exclusively(join(work, 'lock'), { waitMs: LOCK_WAIT_MS, onWait }, build);
});

async function build() {
  const targets = [...new Set(options.target)].map(targetOf);
  expectPlainPaths({ checkout: PROJECT, '--work': work });
  const key = signatureKey(options);
  await ensureTools(targets);
  mkdirSync(out, { recursive: true });
  const source = await sourceFacts();
  const { bundles, boot, inputs } = await bundleAll();
  const packages = bundledPackages(inputs);
  await auditPackages(packages, inputs, { online: options.audit === true });
  const files = [];
  for (const target of targets) files.push(...(await buildFor(target, { source, bundles, boot, packages })));
  files.push(writeTo(`THIRD-PARTY-LICENSES.txt`, licencesText(packages)));
  writeSums(out, files, key);
  if (!options['no-compress']) for (const target of targets) await reportSizes(join(out, `tidegate-${target.name}`));
  return 0;
}

/** @returns {Promise<string[]>} the files it wrote into `out`. */
async function buildFor(target, { source, bundles, boot, packages }) {
  const startMs = performance.now();
  const name = `tidegate-${target.name}`;
  const node = await pinnedNode(target, work);
  const native = await nativeParts(target, node, work);
  const parts = { ...fileParts(), 'boot.cjs': boot };
  for (const [thread, octets] of Object.entries(bundles)) parts[`bundle/${thread}.cjs`] = octets;
  const stage = join(work, 'stage', target.name);
  const caches = await codeCaches(bundles, { target, node, stage });
  for (const [thread, octets] of Object.entries(caches)) parts[`bundle/${thread}.cache`] = octets;
  for (const [part, octets] of Object.entries(native)) parts[`native/${part}.node.zst`] = packed(octets);
  const sbom = await makeSbom({ target, node, source, packages, native, parts });
  await validateSbom(sbom);
  parts['sbom.cdx.json.zst'] = packed(Buffer.from(sbom));
  parts['THIRD-PARTY-LICENSES.txt.zst'] = packed(Buffer.from(licencesText(packages)));
  const facts = {
    from: 'package',
    target: target.name,
    commit: source.commit,
    modified: source.modified,
    sbomSha256: sha256(Buffer.from(sbom)),
    sqlite: sqliteVersion(),
    native: Object.entries(native).map(([part, octets]) => ({
      name: part,
      sha256: sha256(octets),
      bytes: octets.length,
    })),
  };
  const file = join(out, name);
  await makeExecutable({ target, node, parts, index: { version: source.version, facts }, stage, file });
  writeNativeFiles(target, native);
  const megabytes = (readFileSync(file).length / 1e6).toFixed(1);
  console.log(`${name}: ${megabytes} MB (${((performance.now() - startMs) / 1000).toFixed(0)} s)`);
  return [name, writeTo(`${name}.cdx.json`, sbom)];
}

/** For parts that are read once or never: the rest stays as it is, to be used in place. */
function packed(octets) {
  return zstdCompressSync(octets, { params: { [constants.ZSTD_c_compressionLevel]: 19 } });
}

function writeNativeFiles(target, native) {
  if (options['native-dir'] === undefined) return;
  const folder = join(resolve(options['native-dir']), target.name);
  mkdirSync(folder, { recursive: true });
  // A folder that a group may write to, as some umasks make it, is not taken (gateway/src/main/assets/native-folder.ts).
  chmodSync(folder, 0o755);
  for (const [part, octets] of Object.entries(native)) {
    writeFileSync(join(folder, `${part}-${sha256(octets).slice(0, 16)}.node`), octets, { mode: 0o555 });
  }
}

function writeTo(name, text) {
  writeFileSync(join(out, name), text);
  return name;
}
