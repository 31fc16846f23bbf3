import * as fs from 'node:fs';
import { GatewayError } from '../../base/errors.ts';

/**
 * For folders that somebody named and that are not made for them: of a mistyped name a tree would be made.
 * @param what begins the message, such as `--root /x`.
 * @throws GatewayError `not_found` when nothing is there, `invalid` when it is no folder.
 */
export function expectFolder(folder: string, what: string, hint: string): void {
  const found = fs.statSync(folder, { throwIfNoEntry: false });
  if (found?.isDirectory()) return;
  if (found === undefined) throw new GatewayError('not_found', `${what}: no such folder`, { hint });
  throw new GatewayError('invalid', `${what}: a folder expected, a file found`, { hint });
}
