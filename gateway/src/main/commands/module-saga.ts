/** Changes of modules are sagas of the gateway: handing in a package, starting a saga, waiting for its end. */
import { readPackage } from '../../adapters/files/module-package.ts';
import { findSaga, readTimeline } from '../../adapters/sqlite/saga-store.ts';
import { GatewayError } from '../../base/errors.ts';
import { isFinal } from '../../core/model/saga.ts';
import { askGateway } from './ask-gateway.ts';
import { EXIT, type OptionSpecs, type OptionValues, print, printJson } from './command.ts';
import { openState, STATE_OPTIONS } from './state-folder.ts';

/** Options of every verb that starts a saga. */
export const SAGA_OPTIONS: OptionSpecs = {
  ...STATE_OPTIONS,
  'no-wait': { type: 'boolean' },
  verbose: { type: 'boolean' },
};
const LOOK_MS = 100;
/** A canary may take an hour, and its watch another. */
const WAIT_MAX_MS = 2.5 * 3_600_000;

/** A package as it is, for the gateway to judge. @returns what it is known by until it is installed. @throws GatewayError as `readPackage`. */
export async function handIn(options: OptionValues, folder: string): Promise<string> {
  const { manifestText, wasm, signatureText } = readPackage(folder);
  const parts = { manifest: manifestText, wasm: Buffer.from(wasm).toString('base64'), signature: signatureText };
  return (await post<{ digest: string }>(options, 'packages', parts)).digest;
}

/** A command on the control socket. @throws GatewayError as the gateway does. */
export function post<T>(options: OptionValues, verb: string, body: unknown): Promise<T> {
  return askGateway<T>(options, 'POST', `/control/modules/${verb}`, Buffer.from(JSON.stringify(body)));
}

/** Starts the saga and, unless told otherwise, waits for its end, printing its steps. @returns 0 only when it succeeded. */
export async function runSaga(options: OptionValues, verb: string, parameters: unknown): Promise<number> {
  const { saga } = await post<{ saga: string }>(options, verb, parameters);
  if (options['no-wait'] === true) {
    if (options.json) printJson({ saga });
    else print(`saga ${saga}: see \`tidegate saga show ${saga}\``);
    return EXIT.ok;
  }
  using state = openState(options);
  let shown = 0;
  for (const end = Date.now() + WAIT_MAX_MS; Date.now() < end; ) {
    const row = findSaga(state.database, saga);
    const events = readTimeline(state.database, saga);
    if (options.verbose === true && !options.json)
      for (const event of events.slice(shown))
        print(`  ${event.kind.padEnd(8)} ${event.step ?? ''}  ${event.detail ?? ''}`.trimEnd());
    shown = events.length;
    if (row !== undefined && isFinal(row.state)) {
      if (options.json) printJson({ saga, state: row.state, error: row.error, results: row.results });
      else print(`saga ${saga}: ${row.state}${row.error === null ? '' : `: ${row.error}`}`);
      return row.state === 'succeeded' ? EXIT.ok : EXIT.failed;
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
  throw new GatewayError('unavailable', `saga ${saga}: not at its end after ${WAIT_MAX_MS / 60_000} minutes`);
}
