import { GatewayError } from '../../../base/errors.ts';
import { compareVersions, parseVersion } from './semver.ts';

/**
 * Keeps old, validly signed packages out: an attacker, or a slip, must not bring back a version with faults that a newer one has mended.
 * The same version again is let through: repairing an installation is no rollback.
 * @param floor the highest version of this module ever installed here; null: none.
 * @throws GatewayError `denied` below the floor, `invalid` for a version that is none.
 */
export function checkRollback(
  { id, version }: { readonly id: string; readonly version: string },
  floor: string | null,
): void {
  const wanted = parseVersion(version, `module ${id}: version`);
  if (floor === null) return;
  if (compareVersions(wanted, parseVersion(floor, `module ${id}: highest version installed`)) >= 0) return;
  throw new GatewayError('denied', `module ${id}: version ${floor} or later expected, ${version} found`, {
    hint: '`tidegate module rollback NAME` goes back to the version that was replaced: NAME as `tidegate module list` says it, for functions the id of their module.',
  });
}
