import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { cronProblem } from '../../../gateway/src/adapters/cron/cron-schedule.ts';
import { ConfigError } from '../../../gateway/src/config/fault.ts';
import { parseConfig } from '../../../gateway/src/config/parse-config.ts';
import { isLoopback } from '../../../gateway/src/config/rules.ts';

function faultsOf(text: string): string[] {
  try {
    parseConfig([{ origin: 'test.toml', text }], cronProblem);
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

test('MQTT and the page have ports of their own, wherever their addresses could be meant for both', () => {
  const listening = (mqtt: string, web: string, port = 9000) =>
    faultsOf(
      `[mqtt.listener]\naddress = "${mqtt}"\nport = ${port}\n[web]\naddress = "${web}"\nport = ${port}\n${USER}`,
    ).join();
  for (const [mqtt, web] of [
    ['127.0.0.1', '127.0.0.1'],
    ['0.0.0.0', '127.0.0.1'],
    ['::', '127.0.0.1'],
    ['::', '::1'],
    ['localhost', '127.0.0.1'],
    ['::1', 'localhost'],
  ] as const) {
    assert.equal(listening(mqtt, web), '6 web.port', `${mqtt} ${web}`);
  }
  for (const [mqtt, web] of [
    ['127.0.0.2', '127.0.0.1'],
    ['0.0.0.0', '::1'],
    ['::1', '127.0.0.1'],
    ['10.0.0.1', 'localhost'],
  ] as const) {
    assert.equal(listening(mqtt, web), '', `${mqtt} ${web}`);
  }
  assert.equal(listening('127.0.0.1', '127.0.0.1', 0), '', 'any free one is never the same');
  assert.deepEqual(faultsOf('[mqtt]\nsource = "broker"\n[mqtt.listener]\nport = 8080'), []);
});

test('what is kept of confirmed segments, where it is set, is within the share of the disk', () => {
  assert.deepEqual(faultsOf('[store]\ndisk_max = "1GiB"\nconfirmed_keep = "2GiB"'), ['3 store.confirmed_keep']);
  assert.deepEqual(faultsOf('[store]\ndisk_max = "64MiB"'), [], 'the default gives way');
  assert.deepEqual(faultsOf('[store]\ndisk_max = "64MiB"\nconfirmed_keep = "64MiB"'), []);
});

describe('calendars', () => {
  const timer = (cron: string, timezone = 'UTC') =>
    faultsOf(
      '[[function]]\nname = "f"\nmodule = "m"\n[[function.trigger]]\ntype = "timer"\n' +
        `cron = "${cron}"\ntimezone = "${timezone}"`,
    ).map((fault) => fault.replace(/ \(.*/, ''));

  test('an expression that cannot be read, or never fires, and an unknown time zone are refused', () => {
    assert.deepEqual(timer('61 * * * *'), ['6 function[0].trigger[0].cron']);
    assert.deepEqual(timer('0 0 31 2 *'), ['6 function[0].trigger[0].cron']);
    assert.deepEqual(timer('* * * * *', 'Mars/Phobos'), ['7 function[0].trigger[0].timezone']);
    assert.deepEqual(timer('0 25 * * *', 'Mars/Phobos'), [
      '6 function[0].trigger[0].cron',
      '7 function[0].trigger[0].timezone',
    ]);
  });

  test('a leap day and six fields are taken', () => {
    assert.deepEqual(timer('0 0 29 2 *', 'Europe/Berlin'), []);
    assert.deepEqual(timer('*/10 0 6 * * MON-FRI'), []);
  });

  test('the words say what is wrong', () => {
    assert.match(cronProblem('61 * * * *') ?? '', /"61 \* \* \* \*".*minute: 61/);
    assert.match(cronProblem('0 0 30 2 *') ?? '', /never fires/);
    assert.equal(cronProblem('0 6 * * MON-FRI'), null);
  });
});

describe('several faults of one value', () => {
  const paths = (text: string) => faultsOf(text).map((fault) => fault.replace(/ \(.*/, ''));

  test('each faulty entry of a list is told by its place', () => {
    assert.deepEqual(paths('[sync]\nservers = ["http://x", "a:1", "nats://", 5]'), [
      '2 sync.servers[0]',
      '2 sync.servers[2]',
      '2 sync.servers[3]',
    ]);
    assert.deepEqual(paths(`${USER}publish = ["a/#/b", "", "a/+", "a/b+"]`), [
      '4 mqtt.user[0].publish[0]',
      '4 mqtt.user[0].publish[1]',
      '4 mqtt.user[0].publish[3]',
    ]);
  });

  test('each faulty name or number of a table is told by its name', () => {
    const module = '[[module]]\nname = "a"\nmodule = "m"\n[[module.input]]\nseries = "**"\n';
    assert.deepEqual(paths(`${module}config = { windowMs = "10s", foo = 1, bar = inf, "9x" = 1 }`), [
      '6 module[0].input[0].config.windowMs',
      '6 module[0].input[0].config.bar',
      '6 module[0].input[0].config.9x',
    ]);
  });
});
