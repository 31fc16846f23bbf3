/** What a module knows, as it was handed out page by page, with the words that say whose it is. */
import { GatewayError } from '../../base/errors.ts';
import type { ModuleManifest } from './manifest.ts';

export interface CarriedState {
  /** Identifier and version of the module that wrote it. */
  readonly module: string;
  readonly version: string;
  /** Version of its form: `state.version` of that module's manifest. */
  readonly form: number;
  readonly pages: readonly Uint8Array[];
}

/** `TGMS` */
const MAGIC = 0x534d_4754;

/** Why this state is not for that module; null when it is. */
export function whyNotCarried(state: CarriedState | null, to: ModuleManifest): string | null {
  if (state === null) return 'there is no state to carry';
  if (to.state === null) return `${to.id} ${to.version} keeps no state`;
  if (state.module !== to.id) return `state of ${to.id} expected, of ${state.module} found`;
  if (!to.state.accepts.includes(state.form)) {
    return `state of version ${to.state.accepts.join(' or ')} expected, ${state.form} found`;
  }
  return null;
}

/** Header as JSON, with the lengths of the pages, then the pages. */
export function encodeState({ module, version, form, pages }: CarriedState): Uint8Array {
  const header = Buffer.from(JSON.stringify({ module, version, form, pages: pages.map((page) => page.length) }));
  const start = Buffer.alloc(8);
  start.writeUInt32LE(MAGIC, 0);
  start.writeUInt32LE(header.length, 4);
  return Buffer.concat([start, header, ...pages]);
}

/** Of octets that are known to be whole. @throws GatewayError `corrupt`. */
export function decodeState(octets: Uint8Array): CarriedState {
  const buffer = Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength);
  const corrupt = (found: string) => new GatewayError('corrupt', `module state: ${found}`);
  if (buffer.length < 8 || buffer.readUInt32LE(0) !== MAGIC) throw corrupt('its first octets are not of a state');
  const headerEnd = 8 + buffer.readUInt32LE(4);
  const header = JSON.parse(buffer.toString('utf8', 8, headerEnd)) as Header;
  const pages: Uint8Array[] = [];
  let at = headerEnd;
  for (const length of header.pages) {
    pages.push(buffer.subarray(at, at + length));
    at += length;
  }
  if (at !== buffer.length) throw corrupt(`${at} octets expected, ${buffer.length} found`);
  return { module: header.module, version: header.version, form: header.form, pages };
}

type Header = Omit<CarriedState, 'pages'> & { readonly pages: readonly number[] };
