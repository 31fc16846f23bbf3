import { assets } from '../assets.ts';
import { type Command, EXIT, print, printJson } from './command.ts';

export const version: Command = {
  verb: 'version',
  usage: '[--licences | --sbom]',
  summary:
    'Versions of the program and of what it runs on; with --json also commit, native parts and bill of materials. --licences, --sbom: prints those.',
  options: { licences: { type: 'boolean' }, sbom: { type: 'boolean' } },
  words: [0, 0],
  async run({ options }) {
    if (options.licences) await printLong(assets.document('THIRD-PARTY-LICENSES.txt'));
    else if (options.sbom) await printLong(assets.document('sbom.cdx.json'));
    else if (options.json) printJson(details());
    else print(`tidegate ${assets.version} (node ${process.version}, ${process.platform}-${process.arch})`);
    return EXIT.ok;
  },
};

function details() {
  const { from, target, commit, modified, sbomSha256, native, sqlite } = assets.facts();
  return {
    tidegate: assets.version,
    builtFrom: from,
    target,
    commit,
    modified,
    node: process.version,
    v8: process.versions.v8,
    openssl: process.versions.openssl,
    zstd: process.versions.zstd,
    sqlite,
    platform: `${process.platform}-${process.arch}`,
    native,
    sbomSha256,
  };
}

/** Waits until a pipe has taken all of it: the process ends when the verb returns. */
function printLong(text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stdout.write(text, (error) => (error ? reject(error) : resolve()));
  });
}
