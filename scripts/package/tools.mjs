import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import process from 'node:process';
import { ensureDebianPackages, isInstallAllowed } from '../support/debian.mjs';
import { StartFailure } from '../support/failure.mjs';

/** Programs that building for a target runs, and the Debian package of each. */
function toolsFor({ triplet, debian, isNative, qemu }) {
  const common = { python3: 'python3', make: 'make', zstd: 'zstd', xz: 'xz-utils' };
  if (isNative) return { ...common, gcc: 'gcc', 'g++': 'g++', strip: 'binutils' };
  const cross = triplet.replace('_', '-');
  return {
    ...common,
    [`${triplet}-gcc`]: `gcc-${cross}`,
    [`${triplet}-g++`]: `g++-${cross} libc6-dev-${debian}-cross`,
    [`${triplet}-strip`]: `binutils-${cross}`,
    [qemu]: 'qemu-user-static',
  };
}

/** Installs what is missing where that is allowed and possible. @throws {StartFailure} naming the packages otherwise. */
export async function ensureTools(targets) {
  const tools = Object.assign({}, ...targets.map(toolsFor));
  const missing = () => Object.keys(tools).filter((name) => !isInPath(name));
  if (missing().length === 0) return;
  const packages = () => [...new Set(missing().flatMap((name) => tools[name].split(' ')))];
  const { reason } = isInstallAllowed()
    ? await ensureDebianPackages(packages())
    : { reason: 'TIDEGATE_NO_INSTALL is set' };
  if (missing().length === 0) return;
  const list = missing().join(', ');
  throw new StartFailure(
    `packaging needs ${list}, not found (${reason ?? 'installed, but not in the PATH'})`,
    `apt-get install ${packages().join(' ')}`,
  );
}

function isInPath(name) {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, name), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
