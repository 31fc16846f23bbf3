import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConfigError } from '../../../gateway/src/config/fault.ts';
import { parseConfig } from '../../../gateway/src/config/parse-config.ts';

function faultsOf(text: string): string[] {
  try {
    parseConfig([{ origin: 'test.toml', text }]);
    return [];
  } catch (thrown) {
    assert(thrown instanceof ConfigError);
    return thrown.faults.map(
      ({ path, message, hint }) => `${path}: ${message}${hint === undefined ? '' : ` (${hint})`}`,
    );
  }
}

const withTrigger = (lines: string, more = '') =>
  `[[function]]\nname = "f"\nmodule = "echo-function"\n[[function.trigger]]\n${lines}\n${more}`;
const SERVERS = '[sync]\nservers = ["127.0.0.1:4222"]\n';

test('each type of trigger is taken with its fields', () => {
  const good = [
    'type = "mqtt"\ntopic = "a/+/#"',
    'type = "timer"\nevery = "10s"',
    'type = "timer"\ncron = "0 6 * * MON-FRI"\ntimezone = "Europe/Berlin"',
    'type = "alarm"\nseries = "**"\nstate = "raised"',
    'type = "http"',
    'type = "http"\npath = "/orders/new"\nget = true',
    'type = "emitted"\nevent = "batch.done"',
  ];
  for (const lines of good) assert.deepEqual(faultsOf(withTrigger(lines)), [], lines);
  assert.deepEqual(faultsOf(withTrigger('type = "jetstream"\nstream = "ORDERS"\nsubject = "orders.>"', SERVERS)), []);
});

test('a trigger without its field, or with one of another type, is refused with what it has', () => {
  assert.match(faultsOf(withTrigger('type = "mqtt"')).join(), /expected topic in a trigger of type mqtt, found none/);
  const foreign = faultsOf(withTrigger('type = "alarm"\nseries = "**"\ntopic = "a"')).join();
  assert.match(foreign, /expected no topic in a trigger of type alarm \(Its fields are: series, state\.\)/);
});

test('a timer has one schedule', () => {
  assert.match(faultsOf(withTrigger('type = "timer"')).join(), /either every or cron .* found none/);
  const both = 'type = "timer"\nevery = "1s"\ncron = "* * * * *"';
  assert.match(faultsOf(withTrigger(both)).join(), /either every or cron .* found both/);
  assert.match(faultsOf(withTrigger('type = "timer"\nevery = "5ms"')).join(), /100ms or more, found 5ms/);
});

test('a stream needs servers', () => {
  assert.match(faultsOf(withTrigger('type = "jetstream"\nstream = "S"')).join(), /expected sync.servers/);
});

test('sizes of the pool fit each other, and names are unique', () => {
  const fn = (lines: string) => `[[function]]\nname = "f"\nmodule = "m"\n${lines}\n`;
  assert.match(faultsOf(fn('prewarm = 2')).join(), /function\[0\]\.prewarm: expected at most concurrency = 1, found 2/);
  assert.match(faultsOf(fn('retry_first = "10m"')).join(), /retry_first: expected at most retry_max/);
  assert.match(faultsOf(fn('') + fn('')).join(), /function\[1\]\.name: expected a name of its own/);
});

test('an unknown type or field is refused with a hint', () => {
  assert.match(faultsOf(withTrigger('type = "mqt"\ntopic = "a"')).join(), /mqtt/);
  assert.match(faultsOf(withTrigger('type = "mqtt"\ntopics = "a"')).join(), /topic/);
});
