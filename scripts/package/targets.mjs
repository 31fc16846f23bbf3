import process from 'node:process';
import { StartFailure } from '../support/failure.mjs';

/**
 * What differs between the machines we build for. `triplet` is Debian's name of the compiler, `qemu` of the emulator that runs the target's
 * Node where the host's processor cannot.
 */
const TARGETS = {
  'linux-arm64': { arch: 'arm64', triplet: 'aarch64-linux-gnu', debian: 'arm64', qemu: 'qemu-aarch64-static' },
  'linux-x64': { arch: 'x64', triplet: 'x86_64-linux-gnu', debian: 'amd64', qemu: 'qemu-x86_64-static' },
};

/**
 * V8's and Node's options inside the executable; what each costs and gives: docs/adr/0013-single-executable.md. SIGUSR1 would open a debugger
 * that asks nobody on this machine for a password.
 */
const EXEC_ARGV = ['--max-old-space-size=192', '--max-semi-space-size=1', '--v8-pool-size=1', '--disable-sigusr1'];

/**
 * On a 39-bit kernel, usual on arm64 boards, some fifty memories of WebAssembly would use up the address space: V8 reserves 8 GB or more for
 * each when it checks bounds by traps.
 */
const EXEC_ARGV_ARM64 = ['--disable-wasm-trap-handler'];

/** @param {string} name @throws {StartFailure} for a name that is none. */
export function targetOf(name) {
  const found = TARGETS[name];
  if (found === undefined) {
    throw new StartFailure(`--target ${name}: one of ${Object.keys(TARGETS).join(', ')} expected`);
  }
  const isNative = process.platform === 'linux' && process.arch === found.arch;
  return {
    ...found,
    name,
    isNative,
    /** Before the path of a program of the target, to run it here. */
    runner: isNative ? [] : [found.qemu, '-L', `/usr/${found.triplet}`],
    execArgv: [...EXEC_ARGV, ...(found.arch === 'arm64' ? EXEC_ARGV_ARM64 : [])],
  };
}
