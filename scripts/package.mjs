#!/usr/bin/env node
// npm run package -- --target linux-arm64|linux-x64 [OPTIONS]: one executable with everything in it; docs/reference/package.md says what.
import { parseArgs } from 'node:util';
import { runMain } from './support/failure.mjs';
import { runPinned } from './support/run-pinned.mjs';

const USAGE = `usage: npm run package -- --target linux-arm64|linux-x64 [OPTIONS]
  --target NAME      what to build for; may be given twice
  --out DIR          where the files go (dist)
  --native-dir DIR   the native parts as files too, for an image that ships them beside the executable
  --sign-key FILE    Ed25519 private key (PEM) to sign SHA256SUMS with; without it nothing is signed
  --make-dev-key FILE  makes such a key, for development, and signs with it
  --no-compress      without measuring the compressed sizes, which takes half a minute a target
  --audit            asks the registry for known vulnerabilities of what is bundled
  --work DIR         where intermediate files stand (.cache/package)
Writes tidegate-<target>, its bill of materials tidegate-<target>.cdx.json, THIRD-PARTY-LICENSES.txt, SHA256SUMS and, signed, SHA256SUMS.sig.
Two builds of one commit are the same to the octet. As root on Debian or Ubuntu the compilers and qemu are installed first, unless
TIDEGATE_NO_INSTALL=1.`;

/** Builds on the pinned Node, whatever Node runs this file. */
async function main() {
  let values;
  try {
    ({ values } = parseArgs({
      options: {
        target: { type: 'string', multiple: true },
        out: { type: 'string' },
        work: { type: 'string' },
        'native-dir': { type: 'string' },
        'sign-key': { type: 'string' },
        'make-dev-key': { type: 'string' },
        'no-compress': { type: 'boolean' },
        audit: { type: 'boolean' },
        help: { type: 'boolean' },
      },
    }));
    if (!values.help && values.target === undefined) throw new Error('--target: linux-arm64 or linux-x64 expected');
  } catch (error) {
    console.error(`${error.message}\n${USAGE}`);
    return 2;
  }
  if (values.help) {
    console.log(USAGE);
    return 0;
  }
  return await runPinned('scripts/package/main.mjs', [JSON.stringify(values)]);
}

await runMain(main);
