import type { ModuleInstance } from '../../adapters/wasm/module-instance.ts';
import { GatewayError } from '../../base/errors.ts';
import { errnoName } from '../../core/modules/errno.ts';

/**
 * Carries the state of one instance to a fresh one, as an upgrade or a restart of the gateway does.
 * @throws GatewayError when the module does not give its state, or does not take what it gave.
 */
export function freshWithState(old: ModuleInstance, fresh: () => ModuleInstance): ModuleInstance {
  const pages = old.snapshot();
  if (typeof pages === 'string') throw new GatewayError('corrupt', `gw_snapshot: its state expected, found: ${pages}`);
  const instance = fresh();
  const result = instance.restore(pages);
  if (result < 0) {
    throw new GatewayError('corrupt', `gw_restore: 0 for the module’s own state expected, ${errnoName(result)} found`, {
      hint: 'What gw_snapshot writes, gw_restore of the same version and configuration must take.',
    });
  }
  return instance;
}
