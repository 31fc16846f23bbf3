import { readPackage } from '../../adapters/files/module-package.ts';
import { readTrustFile, trustPath } from '../../adapters/files/trust-file.ts';
import { GatewayError } from '../../base/errors.ts';
import { groupedKeyId } from '../../core/modules/signing/public-key.ts';
import { trustClassOf } from '../../core/modules/signing/trust-class.ts';
import { parseTrust, type TrustStore } from '../../core/modules/signing/trust-store.ts';
import { verifyPackage } from '../../core/modules/signing/verify-package.ts';
import { type Command, EXIT, type OptionSpecs, type OptionValues, print, printJson, textOf } from './command.ts';
import { pathsFrom, STATE_OPTIONS } from './state-folder.ts';

/** Options of verbs that judge by a trust store. */
export const TRUST_OPTIONS: OptionSpecs = { ...STATE_OPTIONS, trust: { type: 'string' } };

export const moduleVerify: Command = {
  verb: 'module verify',
  usage: 'DIR [--trust FILE | --state DIR]',
  summary: 'Checks the signature of a module package against the trust store, as an installation would.',
  options: TRUST_OPTIONS,
  words: [1, 1],
  async run({ options, words: [folder] }) {
    const contents = readPackage(folder!);
    const found = verifyPackage(contents, loadTrust(options).trust, { nowMs: Date.now(), atBoot: false });
    const trustClass = trustClassOf(found.role);
    const signedAt = new Date(found.signedAtMs).toISOString();
    if (options.json) printJson({ ok: true, id: contents.id, ...found, signedAt, trustClass });
    else {
      print(`${contents.id}: signed at ${signedAt} by ${found.publisher}, key ${groupedKeyId(found.keyId)}`);
      print(`role ${found.role}, trust class ${trustClass}`);
    }
    return EXIT.ok;
  },
};

/** The trust store that `--trust` names, or the one of the state folder. @throws GatewayError `not_found` for a named file that is not there. */
export function loadTrust(options: OptionValues): { path: string; trust: TrustStore } {
  const named = textOf(options.trust);
  const path = named ?? trustPath(pathsFrom(options).folder);
  const text = readTrustFile(path);
  if (text === null && named !== undefined) throw new GatewayError('not_found', `trust store ${path}: no such file`);
  return { path, trust: parseTrust(text) };
}
