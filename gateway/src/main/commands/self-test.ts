import { tmpdir } from 'node:os';
import { describeError } from '../../base/errors.ts';
import { executableCheck, pagesCheck } from '../self-test/asset-check.ts';
import type { Check, CheckPlaces, CheckResult } from '../self-test/check.ts';
import { compressionCheck, cryptoCheck } from '../self-test/crypto-check.ts';
import { moduleCheck } from '../self-test/module-check.ts';
import { nativeCheck, processorCheck } from '../self-test/native-check.ts';
import { storeCheck } from '../self-test/store-check.ts';
import { NativeScratch } from '../self-test/temporary-folder.ts';
import { threadCheck } from '../self-test/thread-check.ts';
import { type Command, EXIT, print, printJson, table, textOf } from './command.ts';

/** In order of need: what fails first explains what fails after it. */
const CHECKS: readonly Check[] = [
  executableCheck,
  nativeCheck,
  processorCheck,
  cryptoCheck,
  compressionCheck,
  threadCheck,
  storeCheck,
  moduleCheck,
  pagesCheck,
];

/** For an installer, an update's health check, or a technician: does this program work on this machine at all? */
export const selfTest: Command = {
  verb: 'self-test',
  usage: '[--dir DIR]',
  summary:
    'Checks that the program works on this machine: its parts, store, modules, threads, cryptography. --dir: where temporary folders are made, also for native parts.',
  options: { dir: { type: 'string' } },
  words: [0, 0],
  async run({ options }) {
    const named = textOf(options.dir);
    const base = named ?? tmpdir();
    using scratch = new NativeScratch(base, named !== undefined, process.env);
    const places: CheckPlaces = { base, near: () => scratch.path() };
    const results: CheckResult[] = [];
    for (const check of CHECKS) results.push(await perform(check, places));
    const isGood = results.every(({ ok }) => ok);
    if (options.json) printJson({ ok: isGood, checks: results });
    else {
      print(
        table(
          ['part', 'result', 'ms', 'what was seen'],
          results.map(({ name, ok, ms, detail }) => [name, ok ? 'pass' : 'FAIL', ms, detail]),
        ),
      );
      print(isGood ? 'All parts work.' : 'This installation does not work: see the lines marked FAIL.');
    }
    return isGood ? EXIT.ok : EXIT.failed;
  },
};

async function perform({ name, run }: Check, places: CheckPlaces): Promise<CheckResult> {
  const startMs = performance.now();
  const took = () => Math.round(performance.now() - startMs);
  try {
    const detail = await run(places);
    return { name, ok: true, detail, ms: took() };
  } catch (error) {
    const hint = error instanceof Error && 'hint' in error && error.hint ? ` (${error.hint})` : '';
    return { name, ok: false, detail: `${describeError(error)}${hint}`, ms: took() };
  }
}
