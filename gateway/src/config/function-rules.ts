import { describeFound } from './describe.ts';
import { FORMS } from './forms.ts';
import type { BrokenRule, Rule } from './rules.ts';
import type { Config } from './settings.ts';

type Fn = Config['function'][number];
type Trigger = Fn['trigger'][number];
type Field = Exclude<keyof Trigger, 'type'>;

/** Which fields a type of trigger has: those it needs, and those it may have besides. `timer` needs one of two. */
const FIELDS: Record<Trigger['type'], { readonly needs: readonly Field[]; readonly may: readonly Field[] }> = {
  mqtt: { needs: ['topic'], may: [] },
  timer: { needs: [], may: ['every', 'cron', 'timezone'] },
  jetstream: { needs: ['stream'], may: ['subject'] },
  alarm: { needs: ['series'], may: ['state'] },
  http: { needs: [], may: ['path', 'get'] },
  emitted: { needs: ['event'], may: [] },
};

/** A field with one of these is as if it were not there. */
const UNSET: Record<Field, string | number | boolean> = {
  topic: '',
  every: 0,
  cron: '',
  timezone: 'UTC',
  stream: '',
  subject: '',
  series: '',
  state: 'any',
  path: '',
  get: false,
  event: '',
};
const FIELD_NAMES = Object.keys(UNSET) as Field[];
const EVERY_MIN_MS = 100;

const TRIGGER_FIELDS: Rule = {
  says:
    'Each `[[function.trigger]]` has the fields of its type and no others: mqtt `topic`; timer `every` or `cron`, `timezone`; ' +
    'jetstream `stream`, `subject`; alarm `series`, `state`; http `path`, `get`; emitted `event`.',
  check: forEachTrigger((trigger) => {
    const { needs, may } = FIELDS[trigger.type];
    const isSet = (field: Field) => trigger[field] !== UNSET[field];
    const missing = needs.filter((field) => !isSet(field));
    const foreign = FIELD_NAMES.filter((field) => isSet(field) && !needs.includes(field) && !may.includes(field));
    return [
      ...missing.map((field) => ({ message: `expected ${field} in a trigger of type ${trigger.type}, found none` })),
      ...foreign.map((field) => ({
        field,
        message: `expected no ${field} in a trigger of type ${trigger.type}`,
        hint: `Its fields are: ${[...needs, ...may].join(', ')}.`,
      })),
    ];
  }),
};

const TIMER_SCHEDULE: Rule = {
  says: 'A trigger of type timer has either `every`, 100ms or more, or `cron`; `timezone` goes with `cron`.',
  check: forEachTrigger(({ type, every, cron, timezone }) => {
    if (type !== 'timer') return [];
    if (every > 0 === (cron !== '')) {
      return [
        { message: `expected either every or cron in a trigger of type timer, found ${cron === '' ? 'none' : 'both'}` },
      ];
    }
    if (every > 0 && every < EVERY_MIN_MS)
      return [{ field: 'every', message: `expected every of ${EVERY_MIN_MS}ms or more, found ${every}ms` }];
    if (every > 0 && timezone !== UNSET.timezone)
      return [{ field: 'timezone', message: 'expected no timezone beside every' }];
    return [];
  }),
};

const JETSTREAM_NEEDS_SERVERS: Rule = {
  says: 'A trigger of type jetstream needs `sync.servers` and `sync.enabled`.',
  check: (config, context) => {
    if (config.sync.enabled && config.sync.servers.length > 0) return [];
    return forEachTrigger(({ type }) =>
      type === 'jetstream' ? [{ message: 'expected sync.servers for a trigger of type jetstream, found none' }] : [],
    )(config, context);
  },
};

const CALENDAR: Rule = {
  says: 'A `cron` can be read and has a moment to come, and its `timezone` is in the IANA database.',
  check: ({ function: functions }, { cronProblem }) =>
    functions.flatMap(({ trigger: triggers }, fn) =>
      triggers.flatMap(({ cron, timezone }, index) => {
        const at = `function[${fn}].trigger[${index}]`;
        const broken: BrokenRule[] = [];
        const problem = cron === '' ? null : cronProblem(cron);
        const { expected, hint } = FORMS.cron;
        if (problem !== null)
          broken.push({ paths: [`${at}.cron`], message: `expected ${expected}, found ${problem}`, hint });
        if (!isTimezone(timezone)) {
          const message = `expected ${FORMS.timezone.expected}, found ${describeFound(timezone)}`;
          broken.push({ paths: [`${at}.timezone`], message, hint: FORMS.timezone.hint });
        }
        return broken;
      }),
    ),
};

function isTimezone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false; // A RangeError: there is none of that name.
  }
}

const POOL_SIZES: Rule = {
  says: 'In `[[function]]`, `prewarm` is not above `concurrency`, and `retry_first` not above `retry_max`.',
  check: ({ function: functions }) =>
    functions.flatMap(({ prewarm, concurrency, retryFirst, retryMax }, index) => {
      const broken: BrokenRule[] = [];
      if (prewarm > concurrency) {
        const message = `expected at most concurrency = ${concurrency}, found ${prewarm}`;
        broken.push({ paths: [`function[${index}].prewarm`, `function[${index}].concurrency`], message });
      }
      if (retryFirst > retryMax) {
        const message = `expected at most retry_max = ${retryMax}ms, found ${retryFirst}ms`;
        broken.push({ paths: [`function[${index}].retry_first`, `function[${index}].retry_max`], message });
      }
      return broken;
    }),
};

const UNIQUE_FUNCTION_NAMES: Rule = {
  says: 'Names of `[[function]]` are unique.',
  check: ({ function: functions }) =>
    functions.flatMap(({ name }, index) => {
      const first = functions.findIndex((one) => one.name === name);
      if (first === index || name === '') return [];
      const message = `expected a name of its own, found that of [[function]] ${first + 1}`;
      return [{ paths: [`function[${index}].name`], message } as const];
    }),
};

interface BrokenTrigger extends Omit<BrokenRule, 'paths'> {
  /** What is too much, or has a wrong value. */
  readonly field?: Field;
}

/** A fault of a trigger points at its field, or at its row where a field is missing, and gives way to any fault within the row. */
function forEachTrigger(check: (trigger: Trigger) => BrokenTrigger[]): Rule['check'] {
  return ({ function: functions }) =>
    functions.flatMap(({ trigger: triggers }, fn) =>
      triggers.flatMap((trigger, index) =>
        check(trigger).map(({ field, ...broken }) => {
          const row = `function[${fn}].trigger[${index}]`;
          return { ...broken, paths: field === undefined ? [row] : [`${row}.${field}`, row] };
        }),
      ),
    );
}

export const FUNCTION_RULES: readonly Rule[] = [
  TRIGGER_FIELDS,
  TIMER_SCHEDULE,
  CALENDAR,
  JETSTREAM_NEEDS_SERVERS,
  POOL_SIZES,
  UNIQUE_FUNCTION_NAMES,
];
