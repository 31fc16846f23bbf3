import assert from 'node:assert/strict';
import { test } from 'node:test';
import { canApplyLive, configDifference } from '../../../gateway/src/config/difference.ts';
import { defaultConfig, parseConfig } from '../../../gateway/src/config/parse-config.ts';
import { shownValues } from '../../../gateway/src/config/show.ts';

function parse(text: string) {
  return parseConfig([{ origin: 'test.toml', text }]);
}

test('two configurations that say the same do not differ, however they say it', () => {
  assert.deepEqual(configDifference(defaultConfig(), parse('[store]\nsegment_age = "5000ms"').config), []);
});

test('each change names its path, both values, and whether it acts live', () => {
  const after = parse('[web]\nport = 81\n[log]\nlevel = "debug"\n[mqtt.broker]\ntopics = ["a"]').config;
  assert.deepEqual(configDifference(defaultConfig(), after), [
    { path: 'mqtt.broker.topics', before: ['sensors/#'], after: ['a'], apply: 'restart' },
    { path: 'web.port', before: 8080, after: 81, apply: 'restart' },
    { path: 'log.level', before: 'info', after: 'debug', apply: 'live' },
  ]);
});

test('rows of tables differ as a whole', () => {
  const after = parse('module = []').config;
  const changes = configDifference(defaultConfig(), after);
  assert.deepEqual(
    changes.map(({ path, after, apply }) => ({ path, after, apply })),
    [{ path: 'module', after: [], apply: 'live' }],
  );
  assert.equal(canApplyLive(changes), true);
  assert.equal(canApplyLive(configDifference(defaultConfig(), parse('[web]\nport = 81').config)), false);
});

test('what is shown has the file’s notation, its origin, and no secret', () => {
  const hash = `scrypt$16384$8$1$${'A'.repeat(24)}$${'B'.repeat(44)}`;
  const text = `[[mqtt.user]]\nname = "a"\npassword_hash = "${hash}"\n[store]\nsegment_age = "1500ms"\n[[series]]\nmatch = "**"`;
  const shown = new Map(shownValues(parse(text)).map(({ path, value, origin }) => [path, `${value} ${origin}`]));
  assert.equal(shown.get('store.segment_age'), '"1500ms" test.toml');
  assert.equal(shown.get('mqtt.listener.packet_max'), '"256KiB" default');
  assert.equal(shown.get('mqtt.user[0].password_hash'), '(hidden) test.toml');
  assert.equal(shown.get('series[0].min'), '(not set) default');
  assert.equal(shown.get('module[0].input[0].config'), '{ windowMs = 10000 } default');
});
