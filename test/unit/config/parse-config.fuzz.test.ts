import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Random, seededRandom } from '../../../gateway/src/base/random.ts';
import { ConfigError } from '../../../gateway/src/config/fault.ts';
import { parseConfig } from '../../../gateway/src/config/parse-config.ts';
import { renderExample } from '../../../gateway/src/config/render-example.ts';
import { allSettingRows } from '../../../gateway/src/config/setting-rows.ts';

/** `SEED=1234` replays one run. */
const SEEDS = process.env.SEED ? [Number(process.env.SEED)] : Array.from({ length: 300 }, (_, index) => index + 1);

const TOKENS = [
  ...['[', ']', '[[', ']]', '{', '}', '=', ' = ', '.', ',', '"', '"""', "'", "'''", '#', '\n', '\n\n', '\\', ' ', '\t'],
  ...['0', '-1', '1.5', '1e999', 'inf', 'nan', 'true', '"10s"', '"9999999999999999999GiB"', '"64KiB"', '2026-01-01'],
  ...[
    '__proto__',
    'constructor',
    'toString',
    '"a b"',
    '"\\u0000"',
    '\u0000',
    '\ufeff',
    '\ud800',
    '°',
    '[1, "x"]',
    '{a=1}',
  ],
  ...['99999999999999999999', '0x10', '"{device}/{point}"', '"**"', '"+"', 'module', 'module.input', 'version'],
];

function garbage(random: Random, words: readonly string[]): string {
  return Array.from({ length: random.below(60) }, () => words[random.below(words.length)]).join('');
}

/** A text that is nearly right: the example file with lines dropped, doubled, swapped or damaged. */
function mutatedExample(random: Random, example: string): string {
  const lines = example.split('\n');
  for (let times = random.below(8); times >= 0; times--) {
    const at = random.below(lines.length);
    const line = lines[at]!;
    const cut = random.below(line.length + 1);
    const damaged = [
      [],
      [line, line],
      [line.slice(0, cut)],
      [`${line.slice(0, cut)}${TOKENS[random.below(TOKENS.length)]}`],
    ];
    lines.splice(at, 1, ...damaged[random.below(damaged.length)]!);
  }
  return lines.join('\n');
}

/** Lines that are TOML for certain, each a known or odd path with any value. */
function assignments(random: Random, paths: readonly string[]): string {
  const values = ['0', '-1.5', 'true', '""', '"x"', '"10s"', '[]', '["a"]', '[{}]', '[[1]]', '{}', '{ a = 1 }', 'nan'];
  const chosen = new Set(Array.from({ length: random.below(12) }, () => paths[random.below(paths.length)]!));
  return [...chosen].map((path) => `${path} = ${values[random.below(values.length)]}`).join('\n');
}

test('whatever the text, the parser gives a configuration or a ConfigError with at least one fault', () => {
  const example = renderExample().replace(/^#(?=[a-z[])/gm, '');
  const paths = allSettingRows().map(({ path }) => path.replaceAll('[]', ''));
  const words = [...TOKENS, ...paths, ...paths.flatMap((path) => path.split('.'))];
  const outcomes = { parsed: 0, refused: 0 };
  for (const seed of SEEDS) {
    const random = seededRandom(seed);
    const texts = [garbage(random, words), mutatedExample(random, example), assignments(random, paths)];
    for (const text of [...texts, ...texts.map((other) => `${other}\n${texts[random.below(3)]}`)]) {
      try {
        parseConfig([{ origin: 'a', text }]);
        outcomes.parsed++;
      } catch (thrown) {
        const context = `seed ${seed}: ${thrown instanceof Error ? thrown.stack : thrown}\n${text}`;
        assert(thrown instanceof ConfigError && thrown.faults.length > 0, context);
        outcomes.refused++;
      }
    }
  }
  assert(process.env.SEED || (outcomes.parsed > 50 && outcomes.refused > 50), JSON.stringify(outcomes));
});

test('a deep, wide or long text ends in faults and in a moment', () => {
  const texts = [
    `x = ${'['.repeat(100_000)}`,
    `[${'a.'.repeat(20_000)}a]`,
    `[web]\n${Array.from({ length: 5000 }, (_, index) => `k${index} = 1`).join('\n')}`,
    `"${'k'.repeat(100_000)}" = 1`,
    `[store]\ndisk_max = "${'9'.repeat(100_000)}"`,
    `[[ingest.route]]\ntopic = "${'{point}/'.repeat(500)}"`,
    `[sync]\nservers = ["${'//'.repeat(50_000)}"]`,
  ];
  for (const text of texts) assert.throws(() => parseConfig([{ origin: 'a', text }]), ConfigError);
});
