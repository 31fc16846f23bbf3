/** The verbs by which an operator says whose modules a gateway takes. */
import { changeTrustFile, readBoundedFile, trustPath } from '../../adapters/files/trust-file.ts';
import { GatewayError } from '../../base/errors.ts';
import { groupedKeyId, parseKeyId, parsePublicKeyFile } from '../../core/modules/signing/public-key.ts';
import { addKey, type Grant, revokeKey } from '../../core/modules/signing/trust-changes.ts';
import { ROLES } from '../../core/modules/signing/trust-class.ts';
import { formatTrust, parseTrust, type TrustedKey, type TrustStore } from '../../core/modules/signing/trust-store.ts';
import {
  type Command,
  EXIT,
  listOf,
  type OptionValues,
  parseMoment,
  print,
  printJson,
  table,
  textOf,
} from './command.ts';
import { loadTrust } from './module-verify.ts';
import { pathsFrom, STATE_OPTIONS } from './state-folder.ts';

const PUBLIC_KEY_OCTETS_MAX = 4096;

export const trustAdd: Command = {
  verb: 'trust add',
  usage: 'FILE.pub --role ROLE [--modules GLOBS]... [--not-before TIME] [--not-after TIME] [--state DIR]',
  summary: `Trusts a publisher's key: its role (${ROLES.join(', ')}), the ids of modules it may sign (a,b-*; left out: all), and when.`,
  options: {
    ...STATE_OPTIONS,
    role: { type: 'string' },
    modules: { type: 'string', multiple: true },
    'not-before': { type: 'string' },
    'not-after': { type: 'string' },
  },
  words: [1, 1],
  async run({ options, words: [path] }) {
    const text = readBoundedFile(path!, { what: 'public key', octetsMax: PUBLIC_KEY_OCTETS_MAX }).toString('utf8');
    const publicKey = parsePublicKeyFile(text, path!);
    const key = changeTrust(options, publicKey.keyId, (trust) => addKey(trust, publicKey, grantFrom(options)));
    if (options.json) printJson(key);
    else {
      const until = key.notAfter === null ? '' : ` until ${key.notAfter}`;
      print(
        `key ${groupedKeyId(key.keyId)} of ${key.name}: trusted as ${key.role} for ${key.modules.join(', ')}${until}`,
      );
      print('Compare the key with its holder, by another way than the one the file came.');
    }
    return EXIT.ok;
  },
};

export const trustList: Command = {
  verb: 'trust list',
  usage: '[--trust FILE | --state DIR]',
  summary: 'The keys whose modules this gateway takes, and those that were revoked.',
  options: { ...STATE_OPTIONS, trust: { type: 'string' } },
  words: [0, 0],
  async run({ options }) {
    const { path, trust } = loadTrust(options);
    if (options.json) printJson({ path, ...trust });
    else if (trust.keys.length === 0) print(`${path}: no keys; \`tidegate trust add FILE.pub --role ROLE\` adds one`);
    else {
      const head = ['key', 'publisher', 'role', 'modules', 'from', 'until', 'revoked'];
      print(table(head, trust.keys.map(rowOf)));
    }
    return EXIT.ok;
  },
};

export const trustRevoke: Command = {
  verb: 'trust revoke',
  usage: 'KEYID --reason TEXT [--state DIR]',
  summary: 'Takes trust from a key, for good: nothing it has signed, at any time, is accepted any more.',
  options: { ...STATE_OPTIONS, reason: { type: 'string' } },
  words: [1, 1],
  async run({ options, words: [word] }) {
    const keyId = parseKeyId(word!);
    const reason = textOf(options.reason);
    if (reason === undefined) throw new GatewayError('invalid', '--reason: one sentence expected, none found');
    const key = changeTrust(options, keyId, (trust) => revokeKey(trust, keyId, reason, Date.now()));
    if (options.json) printJson(key);
    else print(`key ${groupedKeyId(keyId)} of ${key.name}: revoked at ${key.revokedAt}: ${key.revokedReason}`);
    return EXIT.ok;
  },
};

/** @returns the key of that name after the change. */
function changeTrust(options: OptionValues, keyId: string, change: (trust: TrustStore) => TrustStore): TrustedKey {
  let changed: TrustStore | undefined;
  changeTrustFile(trustPath(pathsFrom(options).folder), (text) => {
    changed = change(parseTrust(text));
    return formatTrust(changed);
  });
  return changed!.keys.find((key) => key.keyId === keyId)!;
}

function grantFrom(options: OptionValues): Grant {
  const role = ROLES.find((one) => one === options.role);
  if (role === undefined)
    throw new GatewayError('invalid', `--role: one of ${ROLES.join(', ')} expected, ${options.role ?? 'none'} found`);
  const globs = listOf(options.modules).flatMap((text) => text.split(',').map((glob) => glob.trim()));
  const momentFrom = (text: string | undefined) =>
    text === undefined ? null : new Date(parseMoment(text, Date.now())).toISOString();
  return {
    role,
    modules: globs.length === 0 ? ['*'] : globs,
    notBefore: momentFrom(textOf(options['not-before'])),
    notAfter: momentFrom(textOf(options['not-after'])),
  };
}

function rowOf(key: TrustedKey): string[] {
  const revoked = key.revokedAt === null ? '' : `${key.revokedAt} ${key.revokedReason}`;
  const { name, role, modules, notBefore, notAfter } = key;
  return [groupedKeyId(key.keyId), name, role, modules.join(','), notBefore ?? '', notAfter ?? '', revoked];
}
