import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PROJECT } from '../support/project.mjs';

const RULE = `\n\n${'='.repeat(100)}\n`;

/** Parts that come with no licence file in a package of their own. */
const OTHERS = [
  ['SQLite (compiled into better-sqlite3)', 'Public domain: https://www.sqlite.org/copyright.html'],
  [
    'GCC run-time libraries (libstdc++ and libgcc, linked into the native parts)',
    'GPL-3.0-or-later WITH GCC-exception-3.1: the exception permits their use in programs under any licence.',
  ],
  [
    "Rust's core library (compiled into the modules that are written in Rust)",
    'MIT OR Apache-2.0, of which the latter is taken; its text is that of Tidegate above. https://github.com/rust-lang/rust/blob/main/COPYRIGHT',
  ],
];

/** The licences of everything in the executable that others wrote, as one text. @param {ReturnType<import('./packages.mjs').bundledPackages>} packages */
export function licencesText(packages) {
  const node = readFileSync(join(PROJECT, 'node_modules', hostNodePackage(), 'LICENSE'), 'utf8').trim();
  const sections = [
    ['Tidegate', readFileSync(join(PROJECT, 'LICENSE'), 'utf8').trim()],
    ...packages.map((one) => [`${one.name} ${one.version} (${one.licence}; ${one.way})`, textOf(one)]),
    ...OTHERS,
    ['Node.js and what it contains', node],
  ];
  return `Tidegate and the software of others in it.${sections.map(([title, text]) => `${RULE}${title}\n\n${text}`).join('')}\n`;
}

/** The same text for every target: Node's licence file does not depend on it. */
function hostNodePackage() {
  return `node-${process.platform}-${process.arch}`;
}

function textOf({ texts, name, licence }) {
  if (texts.length === 0) return `${name} comes without a licence file; its package.json says: ${licence}.`;
  return texts.map(({ text }) => text).join('\n\n');
}
