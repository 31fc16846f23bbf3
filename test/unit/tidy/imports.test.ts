/** The direction of imports is the architecture: this test reads the import lines and refuses what the table of ARCHITECTURE.md does not allow. */
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { test } from 'node:test';

const ROOT = resolve(import.meta.dirname, '../../../gateway/src');

interface Layer {
  /** Which files this speaks of, by path below gateway/src. */
  readonly of: RegExp;
  /** What they may import of ours. */
  readonly ours: RegExp;
  /** What else: Node's modules and packages. */
  readonly others: RegExp;
}

/** Modules of Node without input or output. */
const PURE_NODE = '(node:crypto|node:util)';

/** First match counts; `$1` in `ours` stands for the first group of `of`. */
const LAYERS: readonly Layer[] = [
  { of: /^base\//, ours: /^base\//, others: /^$/ },
  { of: /^core\/model\//, ours: /^(base|core\/model)\//, others: /^$/ },
  { of: /^core\/(\w+)\//, ours: /^(base|core\/model|core\/$1)\//, others: new RegExp(`^${PURE_NODE}$`) },
  { of: /^config\//, ours: /^(base|core\/model|config)\//, others: /^(smol-toml|node:util)$/ },
  {
    of: /^adapters\/(\w+)\//,
    ours: /^(base|core\/model|adapters\/$1|core\/\w+\/(ports|ship-segment|shipment|receive|compressor|batch-layout|manifest|errno|use)\.ts)/,
    others: /./,
  },
  { of: /^main\//, ours: /./, others: /./ },
];

function filesBelow(folder: string): string[] {
  return fs
    .readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.d.ts'));
}

function importsOf(file: string): string[] {
  const text = fs.readFileSync(join(ROOT, file), 'utf8');
  return [
    ...text.matchAll(/^(?:import|export)\b[^'"]*?\bfrom\s+'([^']+)'|^import\s+'([^']+)'|\bimport\('([^']+)'\)/gms),
  ].map((m) => (m[1] ?? m[2] ?? m[3])!);
}

function faultsOf(file: string): string[] {
  const layer = LAYERS.find(({ of }) => of.test(file));
  if (layer === undefined) return [`${file}: stands in no layer`];
  const subject = layer.of.exec(file)?.[1] ?? '';
  const ours = new RegExp(layer.ours.source.replaceAll('$1', subject));
  return importsOf(file).flatMap((specifier) => {
    if (!specifier.startsWith('.')) return layer.others.test(specifier) ? [] : [`${file}: imports ${specifier}`];
    const target = relative(ROOT, resolve(ROOT, file, '..', specifier));
    return ours.test(target) ? [] : [`${file}: imports ${target}`];
  });
}

test('every import goes in the direction that the architecture allows', () => {
  const files = filesBelow(ROOT);
  assert.ok(files.length > 80, `the sources are where they were: ${files.length} files found`);
  assert.deepEqual(files.flatMap(faultsOf), []);
});

test('nobody imports main', () => {
  const faults = filesBelow(ROOT)
    .filter((file) => !file.startsWith('main/'))
    .flatMap((file) =>
      importsOf(file)
        .filter((specifier) => specifier.includes('/main/'))
        .map((specifier) => `${file}: ${specifier}`),
    );
  assert.deepEqual(faults, []);
});

test('core never reads the clock, files or the network by itself', () => {
  const forbidden = /\b(Date\.now|new Date\(\)|performance\.now|setTimeout|setInterval|process\.)/;
  const faults = filesBelow(ROOT)
    .filter((file) => file.startsWith('core/'))
    .filter((file) =>
      forbidden.test(fs.readFileSync(join(ROOT, file), 'utf8').replace(/^\s*(\*|\/\/|\/\*\*).*$/gm, '')),
    );
  assert.deepEqual(faults, []);
});
