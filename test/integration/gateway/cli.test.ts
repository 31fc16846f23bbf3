/** The command line as a technician meets it: every verb, its JSON, its exit code, and a hint with every error. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { CLI, type GatewayProcess, startGateway } from '../../support/gateway-process.ts';
import { runProgram } from '../../support/run-program.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { RawClient } from '../../unit/mqtt/raw-client.ts';

const NAME = 'cli/temp';

suite('the command line', () => {
  let gateway: GatewayProcess;
  const startMs = Date.now() - 60_000;
  before(async () => {
    gateway = await startGateway({
      config: '[store]\nsegment_age = "100ms"\n[[series]]\nmatch = "cli/*"\nunit = "C"\n',
    });
    using client = await RawClient.connect(gateway.mqttPort, 'c');
    for (let i = 0; i < 10; i++)
      client.publish('sensors/cli/temp', `{"value":${i + 0.5},"time":${startMs + i * 1000}}`, 1, i + 1);
    client.publish('sensors/cli/odd"name,x', '1', 1, 20);
    for (let i = 0; i < 11; i++) await client.next('puback');
    await gateway.stop();
    await gateway.start();
  });
  after(() => gateway[Symbol.asyncDispose]());

  const tidegate = (...words: string[]) => gateway.cli([...words, '--config', gateway.configFile]);

  /** @returns what it printed, which is one JSON document. */
  const asked = async <T>(...words: string[]): Promise<T> => {
    const { code, stdout, stderr } = await tidegate(...words, '--json');
    assert.equal(code, 0, stderr);
    return JSON.parse(stdout) as T;
  };

  test('status tells how the running gateway stands, as text and as JSON', async () => {
    const status = await asked<{ gateway: { state: string }; ledger: { balanced: boolean } }>('status');
    assert.deepEqual([status.gateway.state, status.ledger.balanced], ['running', true]);
    const { stdout } = await tidegate('status');
    assert.match(stdout, /The ledger balances\./);
    assert.match(stdout, /cloud off/);
  });

  test('store status counts points and octets', async () => {
    const { segments, series } = await asked<{ series: number; segments: { lane: string; points: number }[] }>(
      'store',
      'status',
    );
    assert.ok(series >= 2);
    assert.equal(segments.find(({ lane }) => lane === 'live')?.points, 11);
    assert.match((await tidegate('store', 'status')).stdout, /live/);
  });

  test('store query prints the points of one series, bounded by time and number', async () => {
    type Answer = { points: { timeMs: number; value: number }[]; isComplete: boolean };
    const all = await asked<Answer>('store', 'query', NAME);
    assert.deepEqual(
      all.points.map(({ value }) => value),
      Array.from({ length: 10 }, (_, i) => i + 0.5),
    );
    const some = await asked<Answer>(
      'store',
      'query',
      NAME,
      '--from',
      String(startMs + 3000),
      '--to',
      new Date(startMs + 5000).toISOString(),
    );
    assert.deepEqual(
      some.points.map(({ value }) => value),
      [3.5, 4.5, 5.5],
    );
    const few = await asked<Answer>('store', 'query', NAME, '--limit', '4');
    assert.deepEqual([few.points.length, few.isComplete], [4, false]);
    assert.match((await tidegate('store', 'query', NAME)).stdout, /value C/);
  });

  test('store query that finds nothing says where it looked', async () => {
    const { stdout } = await tidegate(
      'store',
      'query',
      NAME,
      '--to',
      '2020-01-02T00:00:00Z',
      '--from',
      '1577836800000',
    );
    assert.match(
      stdout,
      /nothing from 2020-01-01T00:00:00\.000Z to 2020-01-02T00:00:00\.000Z; another range with --from/,
    );
    const byDefault = await tidegate('store', 'query', NAME, '--to=-20h');
    const [from, to] = [...byDefault.stdout.matchAll(/\d{4}-[\dT:.-]+Z/g)].map(([text]) => Date.parse(text));
    assert.ok(Math.abs(Date.now() - from! - 24 * 3_600_000) < 60_000 && to! > from!, byDefault.stdout);
  });

  test('store export writes NDJSON and CSV, to a pipe or a file', async () => {
    const ndjson = await gateway.exported(NAME);
    assert.deepEqual(
      ndjson.map(({ timeMs }) => timeMs),
      Array.from({ length: 10 }, (_, i) => startMs + i * 1000),
    );
    const csv = (await tidegate('store', 'export', '--format', 'csv', '--lane', 'live')).stdout.trim().split('\n');
    assert.equal(csv.length, 12);
    assert.equal(csv[0], 'series,lane,timeMs,value,quality');
    assert.ok(
      csv.some((line) => line.startsWith('"cli/odd""name,x",live,')),
      'quotes and commas are told apart',
    );
    using folder = temporaryFolder();
    const file = join(folder.path, 'out.csv');
    const told = await asked<{ points: number }>(
      'store',
      'export',
      '--format',
      'csv',
      '--series',
      NAME,
      '--output',
      file,
    );
    assert.equal(told.points, 10);
    assert.equal(readFileSync(file, 'utf8').trim().split('\n').length, 11);
  });

  test('saga list and saga show tell what has been shipped, or that nothing is known', async () => {
    const sagas = await asked<{ id: string }[]>('saga', 'list');
    if (sagas.length > 0) {
      const { saga } = await asked<{ saga: { id: string } }>('saga', 'show', sagas[0]!.id);
      assert.equal(saga.id, sagas[0]!.id);
    }
    const unknown = await tidegate('saga', 'show', 'no-such-saga');
    assert.equal(unknown.code, 3);
    assert.match(unknown.stderr, /tidegate saga list/);
  });

  test('config show names the origin of each value', async () => {
    const values = await asked<{ path: string; value: unknown; origin: string }[]>('config', 'show');
    const of = (path: string) => values.find((one) => one.path === path);
    assert.match(of('store.segment_age')?.origin ?? '', /tidegate\.toml/);
    assert.match(of('store.commit_interval')?.origin ?? '', /default/);
    assert.match((await tidegate('config', 'show')).stdout, /store\.segment_age +"100ms" /);
  });

  test('config show gives values of their own types as JSON', async () => {
    const values = await asked<{ path: string; value: unknown; origin: string }[]>('config', 'show');
    const of = (path: string) => values.find((one) => one.path === path)?.value;
    assert.equal(of('store.segment_age'), '100ms');
    assert.equal(typeof of('web.port'), 'number');
    assert.equal(typeof of('modules.developer_mode'), 'boolean');
    assert.equal(of('series[0].match'), 'cli/*');
    assert.deepEqual(of('function'), []);
    assert.deepEqual([...new Set(values.flatMap((one) => Object.keys(one)))], ['path', 'value', 'origin']);
  });

  test('a state folder that another gateway uses is told from a wrong configuration', async () => {
    const { code, stderr } = await gateway.cli(['run', '--config', gateway.configFile]);
    assert.equal(code, 1);
    assert.match(stderr, /state folder .*: another Tidegate uses it/);
  });

  test('config check names every fault at once, with the nearest right name', async () => {
    assert.equal((await tidegate('config', 'check')).code, 0);
    using folder = temporaryFolder();
    const file = join(folder.path, 'wrong.toml');
    writeFileSync(file, '[store]\nsegment_agee = "1s"\n[mqtt.listener]\nport = 99999\n');
    const text = await runProgram(process.execPath, [CLI, 'config', 'check', '--config', file]);
    assert.equal(text.code, 2);
    assert.match(text.stdout, /segment_age\b/);
    assert.match(text.stdout, /mqtt\.listener\.port/);
    const { stdout } = await runProgram(process.execPath, [CLI, 'config', 'check', '--json', '--config', file]);
    assert.equal(JSON.parse(stdout).faults.length, 2);
  });

  test('config check looks at modules although settings are wrong, and only warns of what may be meant so', async () => {
    using folder = temporaryFolder();
    const file = join(folder.path, 'doubtful.toml');
    const check = async (text: string) => {
      writeFileSync(file, text);
      const { code, stdout } = await runProgram(process.execPath, [CLI, 'config', 'check', '--json', '--config', file]);
      const { faults, warnings } = JSON.parse(stdout) as Record<
        'faults' | 'warnings',
        { path: string; message: string }[]
      >;
      return { code, faults, warnings };
    };
    const module = '[[module]]\nname = "w"\nmodule = "window-aggregate"\n';
    const both = await check(`${module}input = [{ series = "**", config = { windowMs = "10s", foo = 1 } }]\n`);
    assert.equal(both.code, 2);
    assert.deepEqual(
      both.faults.map(({ path }) => path),
      ['module[0].input[0].config.windowMs', 'module[0].input[0].config.foo'],
    );
    assert.match(both.faults[1]!.message, /a setting of window-aggregate, found an unknown one/);
    const keyFile = join(folder.path, 'key.pem');
    writeFileSync(keyFile, '');
    const doubtful = await check(
      `[sync]\nservers = ["a:1"]\nuser = "u"\npassword_file = "/no/such/file"\n` +
        `cert_file = "${folder.path}"\nkey_file = "${keyFile}"\n[mqtt.broker]\nca_file = "/not/in/use"\n` +
        '[[function]]\nname = "f"\nmodule = "echo-function"\n',
    );
    assert.deepEqual([doubtful.code, doubtful.faults], [0, []]);
    assert.deepEqual(
      doubtful.warnings.map(({ path }) => path),
      ['sync.password_file', 'sync.cert_file', 'function[0]'],
    );
    assert.match(doubtful.warnings[0]!.message, /ENOENT.*\/no\/such\/file/);
  });

  test('config check tells each fault within one module or function by itself, with its line', async () => {
    using folder = temporaryFolder();
    const file = join(folder.path, 'many.toml');
    writeFileSync(
      file,
      '[[module]]\nname = "w"\nmodule = "window-aggregate"\n[[module.input]]\nseries = "a/*"\n[module.input.config]\n' +
        'windowMs = -5\nfoo = 1\n[[module.input]]\nseries = "b/*"\nconfig.windwMs = 3\n' +
        '[[function]]\nname = "f"\nmodule = "echo-function"\nconfig = { one = 1, two = 2 }\n' +
        '[[function]]\nname = "g"\nmodule = "nope"\n' +
        '[[function.trigger]]\ntype = "timer"\nevery = "1s"\ntopic = "x"\nevent = "y"\n',
    );
    const { code, stdout } = await runProgram(process.execPath, [CLI, 'config', 'check', '--config', file]);
    assert.equal(code, 2);
    assert.deepEqual(stdout.replaceAll(file, 'F').trimEnd().split('\n'), [
      'F:22: function[1].trigger[0].topic: expected no topic in a trigger of type timer (Its fields are: every, cron, timezone.)',
      'F:23: function[1].trigger[0].event: expected no event in a trigger of type timer (Its fields are: every, cron, timezone.)',
      'F:7: module[0].input[0].config.windowMs: expected 1..86400000 ms, found -5',
      'F:8: module[0].input[0].config.foo: expected a setting of window-aggregate, found an unknown one',
      'F:11: module[0].input[1].config.windwMs: expected a setting of window-aggregate, found an unknown one (Did you mean windowMs?)',
      'F:15: function[0].config.one: expected a setting of echo-function, found an unknown one',
      'F:15: function[0].config.two: expected a setting of echo-function, found an unknown one',
      'F:18: function[1].module: module nope: no such module (See `tidegate module list`; `tidegate module install DIR` installs one.)',
      'warning: F:12: function[0]: expected at least one [[function.trigger]] of function f, found none (It runs only when `tidegate function invoke` calls it.)',
    ]);
  });

  test('run refuses what config check refuses, in the same words', async () => {
    using folder = temporaryFolder();
    const file = join(folder.path, 'never.toml');
    writeFileSync(
      file,
      '[[function]]\nname = "f"\nmodule = "echo-function"\n[[function.trigger]]\ntype = "timer"\ncron = "0 0 31 2 *"\n',
    );
    for (const verb of [['config', 'check'], ['run']]) {
      const { code, stdout, stderr } = await runProgram(process.execPath, [CLI, ...verb, '--config', file]);
      assert.equal(code, 2);
      assert.match(
        stdout + stderr,
        /function\[0\]\.trigger\[0\]\.cron: expected .*, found "0 0 31 2 \*", which never fires/,
      );
    }
  });

  test('version and user hash', async () => {
    const { stdout } = await runProgram(process.execPath, [CLI, 'version', '--json']);
    assert.match(JSON.parse(stdout).tidegate, /^\d+\.\d+\.\d+/);
    const hash = await runProgram(process.execPath, [CLI, 'user', 'hash', '--json'], { input: 'long enough\n' });
    assert.match(JSON.parse(hash.stdout).passwordHash, /^scrypt\$16384\$8\$1\$/);
    const short = await runProgram(process.execPath, [CLI, 'user', 'hash'], { input: 'short\n' });
    assert.equal(short.code, 2);
    assert.match(short.stderr, /at least 8 characters/);
  });

  const BACKWARDS = /--to, 2020-01-01T00:00:00\.000Z, expected, 2020-01-02T00:00:00\.000Z found\n {2}Exchange the two/;
  /** What goes wrong, the exit code, and what the hint has to say. */
  const WRONG: readonly [words: string[], code: number, says: RegExp][] = [
    [['stauts'], 2, /Did you mean status/],
    [['store', 'qurey'], 2, /Did you mean store query/],
    [['modle', 'list'], 2, /Did you mean module list/],
    [['modul'], 2, /Did you mean module\?/],
    [['--frobnicate'], 2, /no verb --frobnicate/],
    [['store', 'query'], 2, /Usage: tidegate store query SERIES/],
    [['store', 'query', 'cli/tmep'], 3, /Did you mean cli\/temp/],
    [['store', 'query', NAME, '--limit', '0'], 2, /limit.*at least 1/],
    [['store', 'query', NAME, '--from', 'yesterday'], 2, /2026-|such as/],
    [['store', 'query', NAME, '--from', '-1h'], 2, /--from=VALUE/],
    [['store', 'query', NAME, '--from', '99999999999999999'], 2, /such as .*, 99999999999999999 found/],
    [['store', 'query', NAME, '--from', '2020-01-02', '--to', '2020-01-01'], 2, BACKWARDS],
    [['store', 'export', '--from', '2020-01-02', '--to', '2020-01-01'], 2, BACKWARDS],
    [['store', 'query', NAME, '--to', '2020-01-01'], 2, /--to, 2020-01-01T\S+, expected.*\n.*Without --from/],
    [['store', 'export', '--from', '2999-01-01'], 2, /2999-01-01T\S+ found\n.*Without --to/],
    [['store', 'export', '--formatt', 'csv'], 2, /Did you mean --format/],
    [['store', 'export', '--format', 'xml'], 2, /ndjson or csv/],
    [['store', 'export', '--lane', 'fast'], 2, /alarm, aggregate, live/],
    [['saga', 'list', '--only', 'done'], 2, /pending, executing/],
  ];

  for (const [words, code, says] of WRONG) {
    test(`tidegate ${words.join(' ')} ends with ${code} and says what would be right`, async () => {
      const result = await gateway.cli(
        words.length === 1 || words[1] === 'qurey' ? words : [...words, '--config', gateway.configFile],
      );
      assert.equal(result.code, code, result.stderr);
      assert.match(result.stderr, says);
      assert.doesNotMatch(result.stderr, /\n\s+at /, 'no stack');
    });
  }

  test('every verb has help', async () => {
    for (const verb of [
      ['run'],
      ['status'],
      ['store', 'query'],
      ['saga', 'show'],
      ['config', 'show'],
      ['user', 'hash'],
      ['version'],
    ]) {
      const { code, stdout } = await gateway.cli([...verb, '--help']);
      assert.equal(code, 0);
      assert.match(stdout, new RegExp(`^tidegate ${verb.join(' ')}`));
    }
  });

  test('a state folder that is not there is named, with a hint, by every verb that looks into one', async () => {
    for (const verb of [['status'], ['store', 'status'], ['store', 'export'], ['saga', 'list']]) {
      const { code, stdout, stderr } = await gateway.cli([...verb, '--state', '/nonexistent/state', '--json']);
      assert.ok(code === 3 || code === 1, `${verb.join(' ')}: ${code}`);
      assert.match(stderr, /\/nonexistent\/state/);
      assert.ok(JSON.parse(stdout).error.hint, `${verb.join(' ')} gives a hint`);
    }
  });
});
