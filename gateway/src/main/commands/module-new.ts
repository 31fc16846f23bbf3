import { join } from 'node:path';
import { GatewayError } from '../../base/errors.ts';
import { nearestWord } from '../../base/nearest-word.ts';
import { MODULE_KINDS } from '../../core/modules/manifest.ts';
import { createProject } from '../author/new-project.ts';
import { LANGUAGES } from '../author/project.ts';
import { type Command, EXIT, type OptionValues, print, printJson, textOf } from './command.ts';

export const moduleNew: Command = {
  verb: 'module new',
  usage: 'NAME --lang as|c|rust [--kind stream|function] [--dir DIR]',
  summary: 'Makes the project of a new module that builds, and passes its test, at once.',
  options: { lang: { type: 'string' }, kind: { type: 'string' }, dir: { type: 'string' } },
  words: [1, 1],
  async run({ options, words: [name] }) {
    const id = idFrom(name!);
    const language = oneOf('--lang', options.lang, LANGUAGES);
    const kind = oneOf('--kind', options.kind ?? 'stream', MODULE_KINDS);
    const folder = join(textOf(options.dir) ?? '.', id);
    const files = createProject({ id, language, kind, folder });
    if (options.json) printJson({ id, language, kind, folder, files });
    else {
      print(`${folder}: a ${kind} module\n${files.map((file) => `  ${file}`).join('\n')}`);
      print(`\nNext: tidegate module build ${folder} && tidegate module test ${folder}`);
    }
    return EXIT.ok;
  },
};

/** Stricter than a manifest has to be: the name also becomes a file's and, in Rust, a crate's. */
function idFrom(name: string): string {
  if (/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name) && name.length <= 32) return name;
  throw new GatewayError('invalid', `module new: a kebab-case name of at most 32 characters expected, ${name} found`, {
    hint: 'Such as mean-alarm: letters a to z and digits, words joined by a hyphen, a letter first.',
  });
}

function oneOf<T extends string>(option: string, value: OptionValues[string], allowed: readonly T[]): T {
  const found = allowed.find((candidate) => candidate === value);
  if (found !== undefined) return found;
  const near = nearestWord(String(value), allowed);
  throw new GatewayError('invalid', `${option}: one of ${allowed.join(', ')} expected, ${value ?? 'none'} found`, {
    hint: near === undefined ? `For example ${option} ${allowed[0]}.` : `Did you mean ${near}?`,
  });
}
