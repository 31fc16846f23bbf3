import { assets } from '../assets.ts';
import { type Command, EXIT, print, printJson } from './command.ts';

export const version: Command = {
  verb: 'version',
  usage: '',
  summary: 'Versions of the program and of what it runs on.',
  options: {},
  words: [0, 0],
  async run({ options }) {
    const versions = {
      tidegate: assets.version,
      node: process.version,
      v8: process.versions.v8,
      platform: `${process.platform}-${process.arch}`,
    };
    if (options.json) printJson(versions);
    else print(`tidegate ${versions.tidegate} (node ${versions.node}, ${versions.platform})`);
    return EXIT.ok;
  },
};
