/**
 * Commands that change something, on the control socket in the state folder: who may open that file may change the gateway. Each change of a
 * module is a saga; the answer is its id.
 */
import { randomUUID } from 'node:crypto';
import {
  PACKAGE_TEXT_BYTES_MAX,
  PACKAGE_WASM_BYTES_MAX,
  type PackageFolder,
} from '../adapters/files/package-folder.ts';
import { json, type WebRequest, type WebRoute } from '../adapters/http/web-server.ts';
import type { Remote } from '../adapters/threads/rpc.ts';
import { systemClock } from '../base/clock.ts';
import { GatewayError } from '../base/errors.ts';
import type { Config } from '../config/settings.ts';
import { MODULE_SAGAS } from '../core/modules/life/define.ts';
import { parseAdd, parseConfigure, parseInstall, parseOfUse, parseUpgrade } from '../core/modules/life/parameters.ts';
import type { SagaEngine } from '../core/sagas/engine.ts';
import type { FunctionPackages } from './functions/function-packages.ts';
import type { ModuleHost } from './modules/module-host.ts';
import type { StoreVerbs } from './thread-messages.ts';

export interface ControlParts {
  readonly host: ModuleHost;
  readonly config: Config;
  readonly packages: PackageFolder;
  readonly functionPackages: FunctionPackages;
  readonly store: Remote<StoreVerbs>;
  readonly engine: SagaEngine;
}

/** A package as JSON: base64 takes a third more. */
const PACKAGE_BODY_MAX = Math.ceil(PACKAGE_WASM_BYTES_MAX * 1.4) + 4 * PACKAGE_TEXT_BYTES_MAX;

const PARSERS = {
  install: parseInstall,
  upgrade: parseUpgrade,
  rollback: parseOfUse,
  configure: parseConfigure,
  remove: parseOfUse,
  add: parseAdd,
} as const;

/** Verbs that mean a package of functions when nothing runs under their name. */
const OF_PACKAGE: Partial<Record<keyof typeof PARSERS, keyof typeof MODULE_SAGAS>> = {
  rollback: 'rollbackPackage',
  remove: 'removePackage',
};

export function controlRoutes(parts: ControlParts): WebRoute[] {
  const { host, config, packages, functionPackages, store, engine } = parts;
  let lastOrdinal = 0;
  const sagaOf = (verb: keyof typeof PARSERS, name: string) => {
    const isPackage = host.useOf(name) === undefined && functionPackages.find(name) !== undefined;
    return MODULE_SAGAS[(isPackage ? OF_PACKAGE[verb] : undefined) ?? verb];
  };
  return [
    {
      pattern: /^\/control\/modules\/functions$/,
      handle: () => json(functionPackages.reports(config.function)),
    },
    {
      method: 'POST',
      pattern: /^\/control\/modules\/packages$/,
      bodyMax: PACKAGE_BODY_MAX,
      handle: (request) => json({ digest: packages.stage(packageOf(request)) }),
    },
    {
      method: 'POST',
      pattern: /^\/control\/modules\/(install|upgrade|rollback|configure|remove|add)$/,
      async handle(request) {
        const verb = request.parts[0] as keyof typeof PARSERS;
        const parameters = PARSERS[verb](bodyOf(request));
        const saga = `${verb}-${parameters.name}-${randomUUID().slice(0, 8)}`;
        const definition = sagaOf(verb, parameters.name);
        const atMs = systemClock.now();
        // Also when the clock was set back, or two are asked for within a millisecond.
        lastOrdinal = Math.max(lastOrdinal + 1, Math.round(atMs));
        await store.addSaga({
          id: saga,
          definition,
          priority: 0,
          ordinal: lastOrdinal,
          generation: 1,
          parameters,
          atMs,
        });
        engine.nudge();
        return json({ saga }, 202);
      },
    },
    {
      method: 'POST',
      pattern: /^\/control\/modules\/resume$/,
      async handle(request) {
        await host.resume(parseOfUse(bodyOf(request)).name);
        return json({});
      },
    },
  ];
}

/** @throws GatewayError `invalid`. */
export function bodyOf({ body }: WebRequest): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch (error) {
    throw new GatewayError('invalid', 'body: JSON expected', { cause: error });
  }
}

function packageOf(request: WebRequest) {
  const { manifest, wasm, signature } = (bodyOf(request) ?? {}) as Record<string, unknown>;
  const isText = (text: unknown) => typeof text === 'string' && text.length <= PACKAGE_TEXT_BYTES_MAX;
  if (!isText(manifest) || typeof wasm !== 'string' || !(signature === null || isText(signature))) {
    throw new GatewayError('invalid', 'package: {manifest, wasm in base64, signature or null} expected');
  }
  const octets = Buffer.from(wasm, 'base64');
  if (octets.length > PACKAGE_WASM_BYTES_MAX) {
    throw new GatewayError(
      'invalid',
      `package: at most ${PACKAGE_WASM_BYTES_MAX} octets expected, ${octets.length} found`,
    );
  }
  return { manifestText: manifest as string, wasm: octets, signatureText: signature as string | null };
}
