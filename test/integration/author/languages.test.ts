/** From nothing to a tested module, in each language, on its real compiler. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { summarizeBinary } from '../../../gateway/src/core/modules/signing/binary-summary.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { author, type Language, makeProject, skipWithoutCompiler } from './author.ts';
import { writeRecording } from './recording-file.ts';

const LANGUAGES: readonly Language[] = ['as', 'c', 'rust'];
const skips = new Map(await Promise.all(LANGUAGES.map(async (one) => [one, await skipWithoutCompiler(one)] as const)));

describe('languages', () => {
  const dir = temporaryFolder();
  after(() => dir[Symbol.dispose]());

  /** Compiling takes longest: each project is built once. */
  const built = new Map<string, Promise<string>>();
  const project = (language: Language, kind: 'stream' | 'function') => {
    const key = `${language}/${kind}`;
    if (!built.has(key)) built.set(key, makeProject(join(dir.path, key), 'my-module', language, kind));
    return built.get(key)!;
  };

  for (const language of LANGUAGES) {
    const skip = skips.get(language)!;
    for (const kind of ['stream', 'function'] as const) {
      test(`a new ${kind} in ${language} builds within stated memory and passes its vectors`, { skip }, async () => {
        const folder = await project(language, kind);
        const { memory, imports } = summarizeBinary(readFileSync(join(folder, 'build/my-module.wasm')));
        assert.deepEqual(memory, { initial: 16, maximum: 16 });
        assert.deepEqual(imports, []);
        const tested = await author(['test', folder]);
        assert.equal(tested.code, 0, tested.stdout + tested.stderr);
        assert.match(tested.stdout, /vectors: 1 of 1 pass/);
      });

      test(`a wrong answer of a ${kind} in ${language} is shown and fails`, { skip }, async () => {
        const folder = await project(language, kind);
        const [from, to] = kind === 'stream' ? ['"v": 15', '"v": 16'] : ['cbf43926', 'cbf43927'];
        const text = readFileSync(join(folder, 'vectors/example.json'), 'utf8');
        const wrong = join(folder, 'vectors/wrong.json');
        writeFileSync(wrong, text.replace(from!, to!));
        const { code, stdout } = await author(['test', folder]);
        writeFileSync(wrong, text);
        assert.equal(code, 1);
        const lines =
          kind === 'stream'
            ? '  - mean id 1 ts 2000 v 16 quality 0\n  + mean id 1 ts 2000 v 15 quality 0'
            : '  - data "cbf43927"\n  + data "cbf43926"';
        assert.ok(stdout.includes(lines), stdout);
        assert.match(stdout, /failed: wrong\.json/);
      });
    }
  }

  const skipSome = [...skips.values()].find(Boolean) ?? false;
  test('the same module says the same in every language, octet for octet', { skip: skipSome }, async () => {
    const recording = writeRecording(join(dir.path, 'recording.ndjson'), 3000);
    const texts: string[] = [];
    for (const language of LANGUAGES) {
      const out = join(dir.path, `${language}.ndjson`);
      const args = ['--replay', recording, '--set', 'high=21', '--out', out];
      const { code, stdout } = await author(['test', await project(language, 'stream'), ...args]);
      assert.equal(code, 0, stdout);
      texts.push(readFileSync(out, 'utf8'));
    }
    assert.ok(texts[0]!.includes('"alarm":"raised"'), 'there are alarms to compare');
    assert.equal(texts[1], texts[0]);
    assert.equal(texts[2], texts[0]);
  });
});
