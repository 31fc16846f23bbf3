import * as fs from 'node:fs';
import { GatewayError } from '../../base/errors.ts';
import { nearestWord } from '../../base/nearest-word.ts';
import type { FunctionStatus } from '../../core/functions/status.ts';
import { deadLetterList, type InvokeOutcome } from '../functions/function-routes.ts';
import { askGateway } from './ask-gateway.ts';
import { type Command, EXIT, type OptionValues, print, printJson, table, textOf } from './command.ts';
import { openState, STATE_OPTIONS } from './state-folder.ts';

const DATA_BYTES_MAX = 256 * 1024;

export const functionList: Command = {
  verb: 'function list',
  usage: '[--state DIR]',
  summary: 'Functions of the running gateway: state, queue, calls.',
  options: STATE_OPTIONS,
  words: [0, 0],
  async run({ options }) {
    const statuses = await askGateway<FunctionStatus[]>(options, 'GET', '/control/functions');
    if (options.json) printJson(statuses);
    else {
      const head = [
        'function',
        'module',
        'state',
        'queued',
        'dead',
        'calls',
        'failures',
        'instances',
        'p99 ms',
        'error',
      ];
      print(table(head, statuses.map(rowOf)));
    }
    return EXIT.ok;
  },
};

function rowOf(f: FunctionStatus): (string | number)[] {
  const module = f.version === '' ? f.module : `${f.module} ${f.version}`;
  const p99 = f.duration.p99Ms?.toFixed(1) ?? '';
  return [
    f.name,
    module,
    f.state,
    f.queued,
    f.dead,
    f.calls,
    f.failures,
    f.instances,
    p99,
    f.error ?? f.lastError ?? '',
  ];
}

export const functionShow: Command = {
  verb: 'function show',
  usage: 'NAME [--state DIR]',
  summary: 'One function of the running gateway, with its triggers, its counters and its duration histogram.',
  options: STATE_OPTIONS,
  words: [1, 1],
  async run({ options, words: [name] }) {
    const statuses = await askGateway<FunctionStatus[]>(options, 'GET', '/control/functions');
    const status = statuses.find((one) => one.name === name);
    if (status === undefined) {
      const near = nearestWord(
        name!,
        statuses.map((one) => one.name),
      );
      const hint = near === undefined ? 'See: tidegate function list' : `Did you mean ${near}?`;
      throw new GatewayError('not_found', `function ${name}: no such function`, { hint });
    }
    if (options.json) printJson(status);
    else printStatus(status);
    return EXIT.ok;
  },
};

function printStatus(f: FunctionStatus): void {
  print(`${f.name}  ${f.module} ${f.version}  ${f.state}${f.error === null ? '' : `  ${f.error}`}`);
  for (const trigger of f.triggers) print(`  on ${trigger}`);
  const ms = (value: number | null) => (value === null ? '-' : value.toFixed(2));
  print(
    `queue      ${f.queued} waiting, ${f.dead} dead, ${f.overflowed} found it full, ${f.dropped} dead letters dropped`,
  );
  print(`calls      ${f.calls}, ${f.failures} failed, ${f.retries} tried again, ${f.deadLettered} given up`);
  print(`duration   p50 ${ms(f.duration.p50Ms)} ms, p99 ${ms(f.duration.p99Ms)} ms, last ${ms(f.duration.lastMs)} ms`);
  print(`instances  ${f.instances}, ${f.active} in a call, at most ${f.concurrency}`);
  const { p50Ms, p99Ms, lastMs } = f.coldStart;
  print(`cold       ${f.coldStarts} starts, p50 ${ms(p50Ms)} ms, p99 ${ms(p99Ms)} ms, last ${ms(lastMs)} ms`);
  print(`warm       ${f.warmCalls} calls, ${f.prewarmed} instances made ahead, ${f.reclaimed} taken back`);
  if (f.lastError !== null) print(`last error ${f.lastError}`);
  const gauges = Object.entries(f.gauges);
  if (gauges.length > 0)
    print(
      `\n${table(
        ['metric', 'value'],
        gauges.map(([name, value]) => [name, String(value)]),
      )}`,
    );
  let below = 0;
  const buckets = f.durations.flatMap(({ leMs, count }) => {
    const calls = count - below;
    below = count;
    return calls === 0 ? [] : [[String(leMs), calls]];
  });
  if (buckets.length > 0) print(`\n${table(['up to ms', 'calls'], buckets)}`);
}

export const functionInvoke: Command = {
  verb: 'function invoke',
  usage: 'NAME [--data TEXT | --data-file FILE] [--type TYPE] [--state DIR]',
  summary: 'Calls a function once, past its queue, and prints its reply.',
  options: { ...STATE_OPTIONS, data: { type: 'string' }, 'data-file': { type: 'string' }, type: { type: 'string' } },
  words: [1, 1],
  async run({ options, words: [name] }) {
    const type = textOf(options.type);
    const query = type === undefined ? '' : `?type=${encodeURIComponent(type)}`;
    const path = `/control/functions/${encodeURIComponent(name!)}/invoke${query}`;
    const outcome = await askGateway<InvokeOutcome>(options, 'POST', path, dataFrom(options));
    const isOk = 'errno' in outcome && outcome.errno === 0;
    if (options.json) printJson(outcome);
    else if (!('errno' in outcome)) print(`failed: ${outcome.fault}: ${outcome.error}`);
    else if (!isOk) print(`failed: error ${outcome.errno} from the function`);
    else if (outcome.data !== null) printReply(outcome.attributes ?? {}, Buffer.from(outcome.data, 'base64'));
    else print(`done in ${outcome.tookMs.toFixed(2)} ms, without a reply`);
    return isOk ? EXIT.ok : EXIT.failed;
  },
};

function printReply(attributes: Readonly<Record<string, string>>, data: Buffer): void {
  for (const [name, value] of Object.entries(attributes)) print(`${name}: ${value}`);
  print('');
  process.stdout.write(data);
  print('');
}

function dataFrom(options: OptionValues): Buffer {
  const text = textOf(options.data);
  const file = textOf(options['data-file']);
  if (text !== undefined && file !== undefined)
    throw new GatewayError('invalid', 'function invoke: either --data or --data-file expected, both found');
  if (file === undefined) return Buffer.from(text ?? '');
  try {
    const octets = fs.readFileSync(file);
    if (octets.length <= DATA_BYTES_MAX) return octets;
    throw new GatewayError('invalid', `${file}: at most ${DATA_BYTES_MAX} octets expected, ${octets.length} found`);
  } catch (error) {
    if (error instanceof GatewayError) throw error;
    throw new GatewayError('not_found', `--data-file ${file}`, { cause: error });
  }
}

export const functionDeadList: Command = {
  verb: 'function dead list',
  usage: '[--function NAME] [--limit N] [--state DIR]',
  summary: 'Events that were given up, the newest first; works without a running gateway.',
  options: { ...STATE_OPTIONS, function: { type: 'string' }, limit: { type: 'string' } },
  words: [0, 0],
  async run({ options }) {
    const limit = Number(options.limit ?? 100);
    if (!Number.isInteger(limit) || limit < 1)
      throw new GatewayError('invalid', `--limit: a whole number of at least 1 expected, ${options.limit} found`);
    using state = openState(options);
    const letters = deadLetterList(state.database, textOf(options.function) ?? null, limit);
    if (options.json) printJson(letters);
    else {
      const rows = letters.map(({ id, fn, attempts, deadMs, attributes, dataBytes, error }) => {
        const time = new Date(deadMs).toISOString();
        return [String(id), fn, time, attempts, attributes.type ?? '', attributes.subject ?? '', dataBytes, error];
      });
      print(table(['id', 'function', 'given up', 'tries', 'type', 'subject', 'octets', 'error'], rows));
    }
    return EXIT.ok;
  },
};

export const functionDeadRetry: Command = {
  verb: 'function dead retry',
  usage: 'ID [--state DIR]',
  summary: 'Puts a dead letter into the queue of its function again, as if it were new.',
  options: STATE_OPTIONS,
  words: [1, 1],
  async run({ options, words: [id] }) {
    const path = `/control/dead-letters/${idFrom(id!)}/retry`;
    const done = await askGateway<{ id: number; function: string }>(options, 'POST', path);
    if (options.json) printJson(done);
    else print(`dead letter ${done.id} waits for ${done.function} again`);
    return EXIT.ok;
  },
};

export const functionDeadDrop: Command = {
  verb: 'function dead drop',
  usage: 'ID [--state DIR]',
  summary: 'Deletes a dead letter.',
  options: STATE_OPTIONS,
  words: [1, 1],
  async run({ options, words: [id] }) {
    const done = await askGateway<{ id: number }>(options, 'POST', `/control/dead-letters/${idFrom(id!)}/drop`);
    if (options.json) printJson(done);
    else print(`dead letter ${done.id} is deleted`);
    return EXIT.ok;
  },
};

function idFrom(word: string): string {
  if (/^\d{1,15}$/.test(word)) return word;
  throw new GatewayError('invalid', `the number of a dead letter expected, ${word} found`, {
    hint: 'See: tidegate function dead list',
  });
}
