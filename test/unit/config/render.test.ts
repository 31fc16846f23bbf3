import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defaultConfig, parseConfig } from '../../../gateway/src/config/parse-config.ts';
import { quantityOf, readValue } from '../../../gateway/src/config/read-value.ts';
import { renderExample } from '../../../gateway/src/config/render-example.ts';
import { renderReference } from '../../../gateway/src/config/render-reference.ts';
import { renderSchema } from '../../../gateway/src/config/render-schema.ts';
import { allSettingRows } from '../../../gateway/src/config/setting-rows.ts';
import { tomlValue, writtenValue } from '../../../gateway/src/config/written-value.ts';

/** Takes the `#` away that stands right before a name or a bracket. */
function uncommented(example: string): string {
  return example.replace(/^#(?=[a-z[])/gm, '');
}

test('the example file as it is changes nothing', () => {
  assert.deepEqual(parseConfig([{ origin: 'example', text: renderExample() }]).config, defaultConfig());
});

test('the example file with every setting taken in says the defaults, and its example rows are sound', () => {
  const { config, origins } = parseConfig([{ origin: 'example', text: uncommented(renderExample()) }]);
  const { mqtt, series, function: functions, ...rest } = config;
  const { mqtt: defaultMqtt, series: _, function: __, ...defaultRest } = defaultConfig();
  assert.deepEqual(rest, defaultRest);
  assert.deepEqual({ ...mqtt, user: [] }, defaultMqtt);
  assert.equal(mqtt.user.length + series.length + functions.length, 3);
  const firstRows = [...origins].filter(([path]) => !/\[[1-9]\]/.test(path));
  assert.deepEqual([...new Set(firstRows.map(([, origin]) => origin))], ['example']);
});

test('every setting has a default within its own range, which reads back as it is written', () => {
  for (const { path, setting } of allSettingRows()) {
    assert.match(setting.help, /^\S.*[.]$/, path);
    if (setting.default === undefined) continue;
    const reading = readValue(setting, setting.default);
    assert('value' in reading, `${path} refuses its own default`);
    const isQuantity = setting.type === 'duration' || setting.type === 'size';
    const written = JSON.parse(isQuantity ? writtenValue(setting, reading.value) : JSON.stringify(setting.default));
    assert.deepEqual(readValue(setting, written), reading, path);
    if (isQuantity) assert(quantityOf(setting.type, setting.min)! <= quantityOf(setting.type, setting.max)!, path);
  }
});

test('every setting stands in the reference page', () => {
  const page = renderReference();
  for (const { path } of allSettingRows()) {
    const name = path.slice(path.lastIndexOf('.') + 1);
    const table = path.slice(0, -name.length - 1).replace(/\[\]/g, '');
    assert.match(page, new RegExp(`^\\| \`${name}\` \\|`, 'm'), path);
    assert(table === '' || page.includes(`[${table}]`), path);
  }
});

test('the schema knows every setting, refuses other keys, and its patterns are sound', () => {
  interface Node {
    readonly properties?: Readonly<Record<string, Node>>;
    readonly items?: Node;
    readonly additionalProperties?: unknown;
    readonly pattern?: string;
    readonly default?: unknown;
  }
  const schema: Node = JSON.parse(renderSchema());
  for (const { path, setting } of allSettingRows()) {
    let node: Node | undefined = schema;
    for (const step of path.split('.')) {
      assert.equal(node?.additionalProperties, false, path);
      node = node?.properties?.[step.replace('[]', '')];
      if (step.endsWith('[]')) node = node?.items;
    }
    assert(node, `${path} is missing from the schema`);
    assert.deepEqual(node.default, setting.default, path);
    const pattern = node.pattern ?? node.items?.pattern;
    if (pattern === undefined) continue;
    const values = Array.isArray(setting.default) ? setting.default : [setting.default ?? []].flat();
    for (const value of values) assert.match(String(value), new RegExp(pattern, 'u'), path);
  }
});

test('a value is written as TOML has it', () => {
  assert.equal(tomlValue({ a: 1, b: ['x', 'y"'], c: {} }), '{ a = 1, b = ["x", "y\\""], c = {} }');
});
