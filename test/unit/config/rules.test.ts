import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ConfigError } from '../../../gateway/src/config/fault.ts';
import { parseConfig } from '../../../gateway/src/config/parse-config.ts';
import { isLoopback } from '../../../gateway/src/config/rules.ts';

function faultsOf(text: string): string[] {
  try {
    parseConfig([{ origin: 'test.toml', text }]);
    return [];
  } catch (thrown) {
    assert(thrown instanceof ConfigError);
    return thrown.faults.map(({ path, hint, line }) => `${line} ${path}${hint === undefined ? '' : ` (${hint})`}`);
  }
}

const HASH = `scrypt$16384$8$1$${'A'.repeat(24)}$${'B'.repeat(44)}`;
const USER = `[[mqtt.user]]\nname = "a"\npassword_hash = "${HASH}"\n`;
const OPEN_LISTENER = '[mqtt.listener]\naddress = "0.0.0.0"\n';

describe('the listener', () => {
  test('open to the network without users is refused, with the way to make one', () => {
    assert.deepEqual(faultsOf(OPEN_LISTENER), [
      '2 mqtt.listener.address (Make a [[mqtt.user]] with `tidegate user hash`, or listen on 127.0.0.1.)',
    ]);
  });

  test('open to the network is taken with a user, and where another broker is read', () => {
    assert.deepEqual(faultsOf(OPEN_LISTENER + USER), []);
    assert.deepEqual(faultsOf(`[mqtt]\nsource = "broker"\n${OPEN_LISTENER}`), []);
  });

  test('a fault within the users is not followed by one about missing users', () => {
    assert.deepEqual(faultsOf(`${OPEN_LISTENER}[mqtt]\nuser = 5`), ['4 mqtt.user']);
  });

  test('user names are unique', () => {
    assert.deepEqual(faultsOf(USER + USER), ['5 mqtt.user[1].name']);
  });
});

test('loopback is 127.0.0.0/8, ::1 and localhost, and no name that only looks like it', () => {
  for (const address of ['127.0.0.1', '127.8.9.10', '::1', 'localhost'])
    assert.equal(isLoopback(address), true, address);
  for (const address of ['0.0.0.0', '::', '127.0.0.1.example.org', '127.evil.org', '1127.0.0.1', 'localhost.org', '']) {
    assert.equal(isLoopback(address), false, address);
  }
});

test('the page listens on loopback only, and the hint is the tunnel', () => {
  assert.match(
    faultsOf('[web]\naddress = "0.0.0.0"\nport = 81').join(),
    /2 web\.address \(.*ssh -L 81:127\.0\.0\.1:81/,
  );
});

describe('credentials', () => {
  test('of user, nkey_file and creds_file at most one is set', () => {
    assert.deepEqual(faultsOf('[sync]\nuser = "a"\ncreds_file = "b"'), ['3 sync.creds_file']);
    for (const way of ['user', 'nkey_file', 'creds_file']) assert.deepEqual(faultsOf(`[sync]\n${way} = "a"`), []);
  });

  test('certificate and key come together, a password with its user', () => {
    for (const table of ['sync', 'mqtt.broker']) {
      assert.deepEqual(faultsOf(`[${table}]\ncert_file = "a"`), [`2 ${table}.cert_file`]);
      assert.deepEqual(faultsOf(`[${table}]\nkey_file = "a"`), [`2 ${table}.key_file`]);
      assert.deepEqual(faultsOf(`[${table}]\ncert_file = "a"\nkey_file = "b"`), []);
      assert.deepEqual(faultsOf(`[${table}]\npassword_file = "a"`), [`2 ${table}.password_file`]);
    }
  });
});

describe('routes', () => {
  const route = (text: string) => faultsOf(`[[ingest.route]]\n${text}`).map((fault) => fault.replace(/ \(.*/, ''));

  test('a route that yields no device or no point is refused', () => {
    assert.deepEqual(route('topic = "a/{device}"'), ['1 ingest.route[0]']);
    assert.deepEqual(route('topic = "a/{point}"'), ['1 ingest.route[0]']);
    assert.deepEqual(route('topic = "a/#"'), ['1 ingest.route[0]', '1 ingest.route[0]']);
  });

  test('device and point may come from the topic, from keys, as fixed names, or from fields', () => {
    assert.deepEqual(route('topic = "{device}/+/{device}/{point}/#"'), []);
    assert.deepEqual(route('topic = "a/#"\ndevice_key = "d"\npoint_key = "p"'), []);
    assert.deepEqual(route('topic = "a"\ndevice = "boiler 1/north"\npoint = "temperature"'), []);
    assert.deepEqual(route('topic = "a/{device}"\nfields = ["t", "nested.h"]'), []);
  });

  test('a faulty topic is one fault, not also a missing device', () => {
    assert.deepEqual(route('topic = "a/{devise}"'), ['2 ingest.route[0].topic']);
    assert.deepEqual(route('decoder = "json"'), ['1 ingest.route[0].topic']);
  });

  test('a bare number has no members, and "*" stands alone', () => {
    assert.deepEqual(route('topic = "{device}/{point}"\ndecoder = "number"\narray = "a"'), ['1 ingest.route[0]']);
    assert.deepEqual(route('topic = "{device}"\nfields = ["*", "a"]'), ['1 ingest.route[0]']);
  });
});

test('modules have names of their own, and a series has its min below its max', () => {
  const module = '[[module]]\nname = "a"\nmodule = "m"\ninput = [{ series = "**" }]\n';
  assert.deepEqual(faultsOf(module + module), ['6 module[1].name']);
  assert.deepEqual(faultsOf('[[series]]\nmatch = "a"\nmin = 2\nmax = 1'), ['3 series[0].min']);
});
