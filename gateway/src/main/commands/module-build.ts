import { formatBytes } from '../../base/units.ts';
import { type BuildResult, buildProject } from '../author/build.ts';
import { COMPILERS } from '../author/compilers.ts';
import { openProject } from '../author/project.ts';
import { type Command, EXIT, print, printJson, table } from './command.ts';

export const moduleBuild: Command = {
  verb: 'module build',
  usage: '[DIR]',
  summary: 'Compiles a module (AssemblyScript, C or Rust) into its build folder and puts it through the guard.',
  options: {},
  words: [0, 1],
  async run({ options, words: [folder = '.'] }) {
    const result = buildProject(openProject(folder));
    if (options.json) printJson(documentOf(result));
    else {
      if (result.warnings !== '') process.stderr.write(`${result.warnings}\n`);
      print(textOf(result));
    }
    return EXIT.ok;
  },
};

function documentOf({ manifest, language, wasm, original, guarded, warnings }: BuildResult): unknown {
  const { id, version, sha256, limits, capabilities } = manifest;
  return { id, version, language, wasm, sha256, capabilities, original, guarded, limits, warnings };
}

function textOf({ manifest, language, wasm, original, guarded }: BuildResult): string {
  const { id, version, sha256, limits } = manifest;
  // The guard has admitted it: there is exactly one.
  const pages = original.memory!;
  const rows: [string, string, string][] = [
    ['file', formatBytes(original.octets), ''],
    ['code', formatBytes(original.codeBytes), formatBytes(limits.codeBytes)],
    ['functions', String(original.functions), String(limits.functions)],
    ['memory, at start', formatBytes(pages.initial * 65_536), formatBytes(limits.memoryPages * 65_536)],
    [
      'memory, at most',
      pages.maximum === null ? 'not stated' : formatBytes(pages.maximum * 65_536),
      formatBytes(limits.memoryPages * 65_536),
    ],
    [
      'imports',
      original.imports.map(({ name }) => name).join(' ') || 'none',
      manifest.capabilities.join(' ') || 'none',
    ],
  ];
  const growth = Math.round((100 * (guarded.codeBytes - original.codeBytes)) / Math.max(1, original.codeBytes));
  return [
    `${id} ${version} (${COMPILERS[language].title}): ${wasm}`,
    `sha256 ${sha256}`,
    table(['', 'found', 'limit'], rows),
    `guard: admitted; fuel makes its code ${growth} % larger (what it costs in time: tidegate module bench)`,
  ].join('\n');
}
