import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { GatewayError } from '../../../../gateway/src/base/errors.ts';
import { seededRandom } from '../../../../gateway/src/base/random.ts';
import { checkRollback } from '../../../../gateway/src/core/modules/signing/rollback.ts';
import { compareVersions, parseVersion } from '../../../../gateway/src/core/modules/signing/semver.ts';

const parse = (text: string) => parseVersion(text, 'version');
const compare = (a: string, b: string) => Math.sign(compareVersions(parse(a), parse(b)));

/** Lowest first: §11 of Semantic Versioning 2.0.0, and numbers beyond 2^53. */
const ORDER = [
  '0.9.9',
  '1.0.0-0',
  '1.0.0-1',
  '1.0.0-9007199254740992',
  '1.0.0-9007199254740993',
  '1.0.0--',
  '1.0.0-alpha',
  '1.0.0-alpha.1',
  '1.0.0-alpha.beta',
  '1.0.0-beta',
  '1.0.0-beta.2',
  '1.0.0-beta.11',
  '1.0.0-rc.1',
  '1.0.0',
  '1.0.1',
  '1.0.10',
  '1.2.0',
  '1.10.0',
  '2.0.0-rc.1',
  '2.0.0',
  '10.0.0',
  '9007199254740992.0.0',
  '9007199254740993.0.0',
];

describe('versions', () => {
  test('are ordered as Semantic Versioning orders them, whichever two are compared', () => {
    for (const [i, a] of ORDER.entries())
      for (const [j, b] of ORDER.entries()) assert.equal(compare(a, b), Math.sign(i - j), `${a} and ${b}`);
  });

  test('what follows a plus has no order', () => {
    assert.equal(compare('1.0.0+20261124', '1.0.0+exp.sha.5114f85'), 0);
    assert.equal(compare('1.0.0-rc.1+x', '1.0.0+a'), -1);
  });

  const wrong = [
    '',
    '1',
    '1.2',
    '1.2.3.4',
    'v1.2.3',
    '01.2.3',
    '1.02.3',
    '1.2.3-',
    '1.2.3-a..b',
    '1.2.3-01',
    '1.2.3+',
    '1.2.3+a..b',
    '1.2.3 ',
    '1.2.3\n',
    '-1.2.3',
    '1.2.3-ä',
    `1.2.3-${'a'.repeat(128)}`,
  ];
  for (const text of wrong)
    test(`${JSON.stringify(text.slice(0, 20))} is none`, () =>
      assert.throws(() => parse(text), { name: 'GatewayError', code: 'invalid' }));

  test('sorting a shuffled list brings the order back', () => {
    const random = seededRandom(11);
    const shuffled = ORDER.map((text) => ({ text, key: random.next() })).sort((a, b) => a.key - b.key);
    const sorted = shuffled.map(({ text }) => text).sort(compare);
    assert.deepEqual(sorted, ORDER);
  });
});

describe('the floor', () => {
  const check = (version: string, floor: string | null) => checkRollback({ id: 'quiet', version }, floor);

  test('a lower version is refused, and told how to go back to the one that was replaced', () => {
    for (const [version, floor] of [
      ['1.1.9', '1.2.0'],
      ['1.2.0-rc.1', '1.2.0'],
      ['1.9.0', '1.10.0'],
    ] as const) {
      assert.throws(
        () => check(version, floor),
        (error: unknown) => {
          assert.ok(error instanceof GatewayError && error.code === 'denied');
          assert.equal(error.message, `module quiet: version ${floor} or later expected, ${version} found`);
          // A use of the module has a name of its own, which nobody here knows.
          return /module rollback NAME` .*`tidegate module list`/.test(error.hint!);
        },
      );
    }
  });

  test('the same version, a higher one, and the first of all are let through', () => {
    check('1.2.0', '1.2.0');
    check('1.2.0+other', '1.2.0');
    check('1.10.0', '1.9.0');
    check('0.0.1', null);
  });

  test('a version that is none is refused, also when it is the first', () => {
    assert.throws(() => check('1.2', null), { code: 'invalid' });
    assert.throws(() => check('1.2.3', 'x'), { code: 'invalid' });
  });
});
