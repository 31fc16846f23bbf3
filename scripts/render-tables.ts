/** Reference pages that are drawn from tables in the code: commands, metrics, faults. */

import { DECODE_REASONS, INTAKE_REASONS } from '../gateway/src/core/ingest/reject-reasons.ts';
import { COUNTERS } from '../gateway/src/core/model/counters.ts';
import { SHED_REASONS } from '../gateway/src/core/model/ledger.ts';
import { QUALITY_REASONS } from '../gateway/src/core/model/quality.ts';
import { COMMANDS } from '../gateway/src/main/commands/all.ts';
import { EXIT } from '../gateway/src/main/commands/command.ts';
import { GAUGES } from '../gateway/src/main/gauges/all.ts';

const GENERATED = 'Generated from the tables in the code by `npm run docs`; do not edit.';

function rows(head: readonly string[], body: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...body.map(line)].join('\n');
}

export function renderCommands(): string {
  const verbs = COMMANDS.map(({ verb, usage, summary }) => [`\`tidegate ${`${verb} ${usage}`.trim()}\``, summary]);
  const codes = Object.entries(EXIT).map(([name, code]) => [String(code), name]);
  return `# Commands

${GENERATED}

In a checkout: \`npm run -s tidegate -- VERB ...\`. Every verb has \`--json\` (one JSON document on standard output, errors as
\`{"error": {code, message, hint}}\`) and \`--help\`.

${rows(['verb', 'what it does'], verbs)}

## Exit codes

${rows(['code', 'meaning'], codes)}

\`failed\` is everything that is not one of the others: a test that does not pass, a state folder that another gateway uses. \`usage\` also stands for a wrong option,
and for a configuration with faults (\`config check\` too); \`unavailable\` for a gateway, server or file that is not there.
`;
}

export function renderMetrics(): string {
  const counters = COUNTERS.map(({ name, unit, help }) => [`\`${name}\``, 'counter', unit, help]);
  const gauges = GAUGES.map(({ name, unit, help, isCounter }) => [
    `\`${name}\``,
    isCounter ? 'counter' : 'gauge',
    unit,
    help,
  ]);
  return `# Metrics

${GENERATED}

\`/metrics\` on the web listener, in the Prometheus text format, by OpenTelemetry's SDK; counters get the suffix \`_total\`. Hot counters are
numbers in shared memory and cost 5 ns; they begin at zero with the process. The ledger's counters are persisted and begin with the store's epoch.
\`target_info\` says whose they are: \`service_name\` tidegate, \`service_instance_id\` the gateway's id, \`service_version\`.

${rows(['name', 'kind', 'unit', 'meaning'], [...counters, ...gauges])}
`;
}

export function renderFaults(): string {
  const meanings = (reasons: Readonly<Record<string, string>>) =>
    rows(
      ['reason', 'meaning'],
      Object.entries(reasons).map(([name, meaning]) => [`\`${name}\``, meaning]),
    );
  return `# Faults and reasons

${GENERATED}

## Why a message is in quarantine

A rejected message counts as one point received, stored and quarantined, whatever it held. It is acknowledged once it is on disk: the sender could
not do better by sending it again. The page counts it as set aside, not among what is stored.

${meanings(INTAKE_REASONS)}

From the decoder, \`name_too_long\` also for what a topic names:

${meanings(DECODE_REASONS)}

## Why points are shed

Only points that modules computed can be shed; what a sensor sent is stored, quarantined, or makes the sender wait.

${rows(
  ['reason'],
  SHED_REASONS.map((reason) => [`\`${reason}\``]),
)}

## Quality of a point

One octet: bits 0–1 the grade (0 good, 1 uncertain, 2 bad), bit 2 set when the time is the gateway's, bits 3–7 the reason by number:

${rows(
  ['number', 'reason'],
  QUALITY_REASONS.map((reason, index) => [String(index), `\`${reason}\``]),
)}

On the alarm lane the octet is the alarm's new state: 1 raised, 2 cleared.

## Error codes

Errors carry \`code\`, \`message\` and often \`hint\`. Compare the code; the text is for people.

${rows(
  ['code', 'meaning'],
  [
    ['`invalid`', 'Something given is not as it must be.'],
    ['`not_found`', 'Something named is not there.'],
    ['`conflict`', 'Somebody else holds it.'],
    ['`unavailable`', 'Not now: a later try may succeed.'],
    ['`exhausted`', 'A bound is reached: disk, queue, table.'],
    ['`corrupt`', 'Stored octets are not what was written.'],
    ['`denied`', 'Not permitted, or refused by a rule.'],
  ],
)}
`;
}
