import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Bytes, Millis } from '../../../gateway/src/base/units.ts';
import { ConfigError, type ConfigFault } from '../../../gateway/src/config/fault.ts';
import { defaultConfig, parseConfig } from '../../../gateway/src/config/parse-config.ts';

function parse(text: string) {
  return parseConfig([{ origin: 'test.toml', text }]).config;
}

/** The faults of one text, or an assertion when it has none. */
function faultsOf(...texts: string[]): readonly ConfigFault[] {
  try {
    parseConfig(texts.map((text, index) => ({ origin: `layer${index}.toml`, text })));
  } catch (thrown) {
    assert(thrown instanceof ConfigError, `a ConfigError expected, found ${thrown}`);
    assert.equal(thrown.code, 'invalid');
    return thrown.faults;
  }
  return assert.fail('no faults found');
}

describe('values', () => {
  test('a gateway without any file has defaults in the units the program uses, and types that say so', () => {
    const config = defaultConfig();
    const interval: Millis = config.store.commitInterval;
    const packetMax: Bytes = config.mqtt.listener.packetMax;
    const level: 'error' | 'warn' | 'info' | 'debug' = config.log.level;
    const route: { readonly topic: string; readonly fields: readonly string[] } | undefined = config.ingest.route[1];
    assert.deepEqual([interval, packetMax, level], [20, 262_144, 'info']);
    assert.deepEqual([route?.topic, route?.fields], ['sensors/{device}', ['*']]);
    assert.deepEqual(
      config.module.map(({ name, module, input }) => [name, module, input[0]?.config]),
      [
        ['w10s', 'window-aggregate', { windowMs: 10_000 }],
        ['limits', 'threshold-alarm', { missingMs: 60_000 }],
      ],
    );
  });

  test('a number that is not set is undefined, and one that is set may be negative or fractional', () => {
    const [first, second] = parse('[[series]]\nmatch = "**"\n[[series]]\nmatch = "a/b"\nmin = -1.5').series;
    const min: number | undefined = first?.min;
    assert.equal(min, undefined);
    assert.equal(second?.min, -1.5);
  });

  test('the configuration is frozen to its leaves', () => {
    const config = defaultConfig();
    assert.throws(() => Object.assign(config.web, { port: 1 }), TypeError);
    assert.throws(() => (config.ingest.route as unknown[]).push(1), TypeError);
    assert.throws(() => (config.mqtt.broker.topics as unknown[]).push('x'), TypeError);
    assert.throws(() => Object.assign(config.module[0]!.input[0]!.config, { windowMs: 1 }), TypeError);
  });
});

describe('layers', () => {
  const image = { origin: 'image', text: '[log]\nlevel = "warn"\n[mqtt.listener]\nport = 1\ninflight_max = 7' };
  const device = { origin: 'device', text: '[mqtt.listener]\nport = 2' };

  test('tables merge key by key, the stronger layer wins, and each value keeps its origin', () => {
    const { config, origins } = parseConfig([image, device]);
    assert.deepEqual([config.mqtt.listener.port, config.mqtt.listener.inflightMax, config.log.level], [2, 7, 'warn']);
    const paths = ['mqtt.listener.port', 'mqtt.listener.inflight_max', 'log.level', 'web.port', 'module[0].name'];
    assert.deepEqual(
      paths.map((path) => origins.get(path)),
      ['device', 'image', 'image', 'default', 'default'],
    );
  });

  test('rows of tables are replaced as a whole, nested ones too', () => {
    const two =
      '[[module]]\nname = "a"\nmodule = "m"\n[[module.input]]\nseries = "x/*"\n[[module.input]]\nseries = "y/*"\n';
    const one = '[[module]]\nname = "b"\nmodule = "m"\n[[module.input]]\nseries = "z/*"\n';
    const { config, origins } = parseConfig([
      { origin: 'image', text: two + two.replace('"a"', '"c"') },
      { origin: 'device', text: one },
    ]);
    assert.deepEqual(
      config.module.map(({ name, input }) => [name, input.length]),
      [['b', 1]],
    );
    assert.equal(origins.get('module'), 'device');
    assert.equal(origins.get('module[0].input[0].series'), 'device');
    assert.equal(origins.has('module[1].name'), false);
  });

  test('an empty list of tables means none, not the default ones', () => {
    assert.deepEqual(parse('module = []\n[ingest]\nroute = []').module, []);
    assert.deepEqual(parse('[ingest]\nroute = []').ingest.route, []);
  });

  test('a fault counts even where a stronger layer replaces the value', () => {
    const [fault, ...others] = faultsOf('[web]\nport = "x"', '[web]\nport = 80');
    assert.deepEqual([fault?.path, fault?.origin, fault?.line, others.length], ['web.port', 'layer0.toml', 2, 0]);
  });
});

describe('faults', () => {
  const refused: [what: string, text: string, path: string, message: RegExp, hint?: RegExp][] = [
    ['an integer out of range', '[web]\nport = 65536', 'web.port', /from 0 to 65535, found 65536/],
    ['an integer with a fraction', '[sync]\nwindow = 1.5', 'sync.window', /whole number.*found 1\.5/],
    ['a number that is not finite', '[[series]]\nmatch = "a"\nmin = nan', 'series[0].min', /a number, found NaN/],
    ['text for a boolean', '[sync]\nenabled = "yes"', 'sync.enabled', /true or false, found "yes"/],
    ['a date', '[web]\nport = 2026-01-01', 'web.port', /found a date/],
    ['a duration without a unit', '[store]\nsegment_age = 5', 'store.segment_age', /found 5/, /Write the unit: "5s"/],
    ['a duration out of range', '[store]\ncommit_interval = "2s"', 'store.commit_interval', /from 0ms to 1s/],
    ['a size in decimal units', '[mqtt.listener]\npacket_max = "64KB"', 'mqtt.listener.packet_max', /found "64KB"/],
    ['a size beyond all numbers', `[store]\ndisk_max = "${'9'.repeat(400)}GiB"`, 'store.disk_max', /found "999/],
    ['an unknown choice', '[log]\nlevel = "loud"', 'log.level', /one of error, warn, info, debug, found "loud"/],
    ['a list with a faulty entry', '[sync]\nservers = ["a:1", 2]', 'sync.servers[1]', /found 2/],
    ['text for a list', '[mqtt.broker]\ntopics = "a/#"', 'mqtt.broker.topics', /found "a\/#"/, /square brackets/],
    ['a control character', '[mqtt.broker]\nclient_id = "a\\u0007"', 'mqtt.broker.client_id', /control characters/],
    ['an empty text that is not the default', '[sync]\nstream = ""', 'sync.stream', /found ""/],
    ['a value for a section', 'web = 5', 'web', /a table, found 5/],
    ['rows for a section', '[[web]]\nport = 1', 'web', /found a list of 1/, /\[web\] with single brackets/],
    ['a section for rows', '[module]\nname = "a"', 'module', /list of tables, found a table/, /\[\[module\]\]/],
    ['a required value left out', '[[series]]\nunit = "V"', 'series[0].match', /found nothing/],
    [
      'a module without input',
      '[[module]]\nname="a"\nmodule="m"',
      'module[0].input',
      /at least 1 \[\[module.input\]\]/,
    ],
    [
      'text in a table of numbers',
      '[[module]]\nname="a"\nmodule="m"\ninput=[{series="**",config={windowMs="x"}}]',
      'module[0].input[0].config.windowMs',
      /a finite number, found "x"/,
    ],
    ['an unknown key', '[web]\nprot = 1', 'web.prot', /unknown/, /Did you mean port\?/],
    ['a key of another section', '[web]\nsegment_age = "1s"', 'web.segment_age', /unknown/, /store\.segment_age/],
    ['a key with odd characters', '"a\\u0007b.c" = 1', '"a\\u0007b.c"', /unknown/],
    ['a key with brackets and a line separator', '"]\\u2028" = 1', '"]\u2028"', /unknown/],
    ['a prototype for a key', '[web.__proto__]\nport = 1', 'web.__proto__', /unknown/],
    ['another version', 'version = 2\nnonsense = 1', 'version', /expected 1.*found 2/],
    ['what is not TOML', 'port 5', '', /expected TOML/],
    [
      'half a route topic',
      '[[ingest.route]]\ntopic = "a/x{device}"',
      'ingest.route[0].topic',
      /found "a\/x/,
      /a whole segment/,
    ],
    ['two points in a topic', '[[ingest.route]]\ntopic = "{point}/{point}"', 'ingest.route[0].topic', /once at most/],
    ['# before the end', '[mqtt.broker]\ntopics = ["a/#/b"]', 'mqtt.broker.topics[0]', /found "a\/#\/b"/],
  ];
  for (const [what, text, path, message, hint] of refused) {
    test(`${what} is refused by path, with what was expected and found`, () => {
      const faults = faultsOf(text);
      assert.deepEqual(
        faults.map((fault) => fault.path),
        [path],
      );
      assert.match(faults[0]!.message, message);
      if (hint) assert.match(faults[0]!.hint ?? '', hint);
    });
  }

  test('all faults of all layers are reported at once, with file and line', () => {
    const faults = faultsOf('[web]\nport = "x"\nprot = 1\n', 'a = \n', '\n[log]\nlevel = 3');
    assert.deepEqual(
      faults.map(({ path, origin, line }) => [path, origin, line]),
      [
        ['web.port', 'layer0.toml', 2],
        ['web.prot', 'layer0.toml', 3],
        ['', 'layer1.toml', 1],
        ['log.level', 'layer2.toml', 3],
      ],
    );
  });

  test('a password is never repeated, whether it stands for a hash or within a URL', () => {
    const user = '[[mqtt.user]]\nname = "a"\npassword_hash = "hunter2"\n';
    const servers = '[sync]\nservers = ["nats://me:hunter2@host:4222"]\npassword = "hunter2"\n';
    const bare = '[mqtt.broker]\nurl = "me:hunter2@host"\n';
    const faults = faultsOf(user, servers, bare, 'secret = "hunter2" x');
    assert.equal(faults.length, 5);
    assert.doesNotMatch(JSON.stringify(new ConfigError(faults)), /hunter2/);
  });

  test('the message of the error lists each fault on a line of its own, and a long list is cut', () => {
    const keys = Array.from({ length: 60 }, (_, index) => `nonsense${index} = 1`);
    const error = new ConfigError(faultsOf(keys.join('\n')));
    assert.equal(error.faults.length, 60);
    assert.match(error.message, /^configuration: 60 faults\n {2}layer0\.toml:1: nonsense0: expected/);
    assert.match(error.message, /… and 10 more$/);
  });
});
