/** A module package on disk, signed by a key made for the test and trusted by a gateway, through the program's own commands. */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { GatewayProcess } from './gateway-process.ts';

const BUILT = new URL('../../modules/', import.meta.url);

export class ModuleWorkshop {
  readonly #folder: string;
  readonly #gateway: GatewayProcess;

  /** @param folder for keys and packages. */
  constructor(folder: string, gateway: GatewayProcess) {
    this.#folder = folder;
    this.#gateway = gateway;
  }

  /** A key that the gateway trusts. */
  async trustNewKey(name: string, role: 'vendor' | 'partner' | 'developer' = 'vendor'): Promise<void> {
    await this.#run('module', 'keygen', '--out', this.#key(name), '--name', name);
    await this.#run('trust', 'add', `${this.#key(name)}.pub`, '--role', role, '--config', this.#gateway.configFile);
  }

  /** A built module of this repository under another version, signed. @param wasm in place of what was built. @returns its folder. */
  async pack(
    id: string,
    version: string,
    key: string,
    changes: Record<string, unknown> = {},
    wasm: Uint8Array = readFileSync(new URL(`${id}/build/${id}.wasm`, BUILT)),
  ): Promise<string> {
    const manifest = JSON.parse(readFileSync(new URL(`${id}/build/manifest.json`, BUILT), 'utf8'));
    const folder = join(this.#folder, `${id}-${version}`);
    mkdirSync(folder, { recursive: true });
    writeFileSync(
      join(folder, 'manifest.json'),
      JSON.stringify({ ...manifest, version, sha256: sha256(wasm), ...changes }, null, 2),
    );
    writeFileSync(join(folder, `${id}.wasm`), wasm);
    await this.sign(folder, key);
    return folder;
  }

  async sign(folder: string, key: string): Promise<void> {
    await this.#run('module', 'sign', folder, '--key', this.#key(key));
  }

  /** `tidegate module VERB...` on the gateway. @returns its JSON. */
  async module(...words: string[]): Promise<{ saga: string; state: string; error: string | null }> {
    return JSON.parse(await this.#run('module', ...words, '--json', '--config', this.#gateway.configFile));
  }

  /** The same, for a command that has to fail. @returns what it says. */
  async refused(...words: string[]): Promise<string> {
    const { code, stdout, stderr } = await this.#gateway.cli([
      'module',
      ...words,
      '--config',
      this.#gateway.configFile,
    ]);
    if (code === 0) throw new Error(`module ${words.join(' ')}: succeeded: ${stdout}`);
    return `${stdout}${stderr}`;
  }

  #key(name: string): string {
    return join(this.#folder, `${name}.pem`);
  }

  async #run(...words: string[]): Promise<string> {
    const { code, stdout, stderr } = await this.#gateway.cli(words);
    if (code !== 0) throw new Error(`${words.join(' ')}: ${code}: ${stdout}${stderr}`);
    return stdout;
  }
}

function sha256(octets: Uint8Array): string {
  return createHash('sha256').update(octets).digest('hex');
}
