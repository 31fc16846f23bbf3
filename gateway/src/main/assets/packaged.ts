import { dirname, join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { zstdDecompressSync } from 'node:zlib';
import { GatewayError } from '../../base/errors.ts';
import { bootGlobals } from '../sea/boot-globals.ts';
import type { Parts } from '../sea/parts.ts';
import type { Assets, NativeName } from './face.ts';
import { moduleFromFolders } from './folders.ts';
import { chooseNativeFolder } from './native-folder.ts';
import { placeNativePart } from './native-part.ts';

/** Of one packed part: more than any is. */
const UNPACKED_BYTES_MAX = 64 * 2 ** 20;

/** Where a running thread's addons stand: each is put there and checked once. */
const placed = new Map<NativeName, string>();

/** The program as one executable. Takes the name and the place of `checkout.ts` when it is bundled. */
export const checkout: Assets = {
  get version() {
    return parts().index.version;
  },
  root: dirname(process.execPath),

  startWorker(name, options) {
    const boot = parts().text('boot.cjs');
    for (const part of below(`bundle/${name}.`)) parts().octets(part);
    const { tidegateIndexSha256 } = bootGlobals();
    const given = { tidegateIndexSha256, tidegateThread: name, tidegateChecked: parts().checked };
    const start = `Object.assign(globalThis,${JSON.stringify(given)});\n${boot}`;
    return new Worker(start, { ...options, name, eval: true });
  },

  migrations(set) {
    const folder = `migrations/${set}/`;
    return below(folder).map((name) => ({ name: name.slice(folder.length), sql: parts().text(name) }));
  },

  page(path) {
    const name = `web${path === '/' ? '/index.html' : path}`;
    return parts().has(name) ? parts().octets(name) : null;
  },

  module(id) {
    const folder = `modules/${id}/`;
    if (!parts().has(`${folder}manifest.json`)) return moduleFromFolders(id, []);
    return { manifest: parts().text(`${folder}manifest.json`), wasm: parts().octets(`${folder}${id}.wasm`) };
  },

  moduleIds() {
    return below('modules/')
      .filter((name) => name.endsWith('/manifest.json'))
      .map((name) => name.split('/')[1]!);
  },

  nativeBinding(name, near) {
    const path = placed.get(name) ?? place(name, near);
    placed.set(name, path);
    return path;
  },

  shippedFiles(folder) {
    const prefix = `shipped/${folder.replace(/\/*$/, '/')}`;
    return below(prefix).map((name) => ({ path: name.slice(prefix.length), octets: parts().octets(name) }));
  },

  packageFile(specifier) {
    throw new GatewayError('unavailable', `${specifier}: npm packages are not part of the packaged executable`, {
      hint: 'Run this from a checkout of the source.',
    });
  },

  facts: () => parts().index.facts,

  document(name) {
    return Buffer.from(unpacked(name)).toString('utf8');
  },

  verifyAll() {
    for (const name of parts().names) parts().octets(name);
    return parts().names.length;
  },
};

function parts(): Parts {
  return bootGlobals().tidegateParts!;
}

function below(prefix: string): string[] {
  return parts()
    .names.filter((name) => name.startsWith(prefix))
    .sort();
}

/** Parts that are seldom read are packed. They are checked as they stand in the executable, before they are unpacked. */
function unpacked(name: string): Uint8Array {
  return zstdDecompressSync(parts().octets(`${name}.zst`), { maxOutputLength: UNPACKED_BYTES_MAX });
}

function place(name: NativeName, near: string | undefined): string {
  const { sha256 } = parts().index.facts.native.find((one) => one.name === name)!;
  const part = { name, sha256, octets: () => unpacked(`native/${name}.node`) };
  const folder = chooseNativeFolder(part, {
    env: process.env,
    beside: join(dirname(process.execPath), 'native'),
    near,
  });
  return placeNativePart(part, folder);
}
