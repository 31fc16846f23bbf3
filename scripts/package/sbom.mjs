/** The bill of materials, CycloneDX 1.6: https://cyclonedx.org/docs/1.6/json/. */
import { createHash } from 'node:crypto';
import { Spec, Validation } from '@cyclonedx/cyclonedx-library';
import Sqlite from 'better-sqlite3';
import { StartFailure } from '../support/failure.mjs';
import { runStep } from './run.mjs';
import { compiledParts } from './sbom-compiled.mjs';
import { cpeOf, nodeComponent } from './sbom-node.mjs';

/** @returns {Promise<string>} the same text for the same source, dated by the source. */
export async function makeSbom({ target, node, source, packages, native, parts }) {
  const versions = JSON.parse(await runStep([...target.runner, node.node, '-p', 'JSON.stringify(process.versions)']));
  const npm = packages.map(npmComponent);
  const compiled = await compiledParts({ target, source, packages, native, parts });
  const components = [nodeComponent(target, node, versions), ...npm, ...compiled.components];
  const root = {
    type: 'application',
    'bom-ref': 'tidegate',
    name: 'tidegate',
    version: source.version,
    licenses: [{ license: { id: 'Apache-2.0' } }],
    properties: [
      { name: 'tidegate:target', value: target.name },
      { name: 'tidegate:commit', value: source.commit ?? 'unknown' },
      { name: 'tidegate:modified', value: String(source.modified ?? 'unknown') },
    ],
  };
  const known = new Map(packages.map((one, i) => [one.path, npm[i]['bom-ref']]));
  const dependencies = [
    { ref: 'tidegate', dependsOn: components.map((one) => one['bom-ref']) },
    ...packages.map((one, i) => ({
      ref: npm[i]['bom-ref'],
      dependsOn: one.requires.flatMap((name) => known.get(foundFrom(one.path, name, known)) ?? []).sort(),
    })),
    ...compiled.dependencies,
  ];
  const body = {
    $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    version: 1,
    metadata: { timestamp: new Date(source.epochSeconds * 1000).toISOString(), component: root },
    components,
    dependencies,
  };
  return `${JSON.stringify({ ...body, serialNumber: serialNumber(body) }, null, 2)}\n`;
}

/** Where a package finds another: in its own `node_modules`, or the nearest above. There may be two versions of it. */
function foundFrom(path, name, known) {
  const below = `${path}/node_modules/${name}`;
  if (known.has(below)) return below;
  const parent = path.lastIndexOf('/node_modules/');
  return parent < 0 ? `node_modules/${name}` : foundFrom(path.slice(0, parent), name, known);
}

/** @throws {StartFailure} with what the official schema finds wrong. */
export async function validateSbom(text) {
  const fault = await new Validation.JsonStrictValidator(Spec.Version.v1dot6).validate(text);
  if (fault !== null) throw new StartFailure(`bill of materials: ${JSON.stringify(fault).slice(0, 1000)}`);
}

function npmComponent({ name, version, licence, integrity, way }) {
  const isExpression = /\s/.test(licence);
  return {
    type: 'library',
    'bom-ref': `npm:${name}@${version}`,
    ...(name.startsWith('@') ? { group: name.split('/')[0], name: name.split('/')[1] } : { name }),
    version,
    scope: 'required',
    hashes: [{ alg: 'SHA-512', content: Buffer.from(integrity.slice('sha512-'.length), 'base64').toString('hex') }],
    licenses: isExpression ? [{ expression: licence }] : [{ license: { id: licence } }],
    purl: `pkg:npm/${name.replace('@', '%40')}@${version}`,
    properties: [{ name: 'tidegate:way', value: way }],
    ...(name === 'better-sqlite3' ? { components: [sqliteComponent()] } : {}),
  };
}

/** Of the SQLite inside better-sqlite3: the same for every target. */
export function sqliteVersion() {
  return new Sqlite(':memory:').prepare('SELECT sqlite_version()').pluck().get();
}

function sqliteComponent() {
  const version = sqliteVersion();
  return {
    type: 'library',
    'bom-ref': `better-sqlite3:sqlite@${version}`,
    name: 'sqlite',
    version,
    licenses: [{ license: { id: 'blessing' } }],
    cpe: cpeOf('sqlite', version),
  };
}

/** A UUID of the custom kind (RFC 9562, version 8), made of the content: the same for the same content. */
function serialNumber(body) {
  const hex = createHash('sha256').update(JSON.stringify(body)).digest('hex');
  return `urn:uuid:${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
