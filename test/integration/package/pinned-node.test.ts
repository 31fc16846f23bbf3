/** The Node that executables are made of: kept between builds, and not trusted for lying there. */
import assert from 'node:assert/strict';
import { appendFileSync, readFileSync, rmSync, statSync } from 'node:fs';
import { test } from 'node:test';
import { HOST_TARGET, skipWithoutTools } from '../../support/packaged.ts';
import { runProgram } from '../../support/run-program.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const urlOf = (file: string) => JSON.stringify(new URL(`../../../scripts/package/${file}`, import.meta.url).href);

interface Outcome {
  readonly node: string;
  /** Lines about what is made anew. */
  readonly said: string[];
}

/** One build's call, in a process of its own. */
async function pinnedNode(work: string): Promise<Outcome> {
  const script = `import { pinnedNode } from ${urlOf('pinned-node.mjs')};
import { targetOf } from ${urlOf('targets.mjs')};
console.log((await pinnedNode(targetOf(${JSON.stringify(HOST_TARGET)}), ${JSON.stringify(work)})).node);`;
  const args = ['--input-type=module', '--eval', script];
  const { code, stdout, stderr } = await runProgram(process.execPath, args, { timeoutMs: 120_000 });
  assert.equal(code, 0, stderr);
  return { node: stdout.trim(), said: stderr.split('\n').filter((line) => line.startsWith('Unpacking')) };
}

test('a stripped Node that is not what was made is made anew, and the build says so', {
  skip: skipWithoutTools(HOST_TARGET),
}, async () => {
  using work = temporaryFolder();
  const { node, said } = await pinnedNode(work.path);
  assert.match(said.join(), /^Unpacking node-linux-\w+@[\d.]+: none here yet\.\.\.$/);
  const octets = readFileSync(node);
  const { ino } = statSync(node);
  assert.deepEqual((await pinnedNode(work.path)).said, []);
  assert.equal(statSync(node).ino, ino, 'the same file is taken again');
  const record = `${node}.sha256`;
  const kept = readFileSync(record, 'utf8');
  const damages: readonly [damage: () => void, said: RegExp][] = [
    [
      () => appendFileSync(node, 'x'),
      /node-stripped: [0-9a-f]{64} of sha512-\S+ expected, [0-9a-f]{64} of sha512-\S+ found/,
    ],
    [() => rmSync(record), /is there without .*node-stripped\.sha256/],
  ];
  for (const [damage, expected] of damages) {
    damage();
    assert.match((await pinnedNode(work.path)).said.join(), expected);
    assert.ok(readFileSync(node).equals(octets));
    assert.equal(readFileSync(record, 'utf8'), kept);
  }
});
