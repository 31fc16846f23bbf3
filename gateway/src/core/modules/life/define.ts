import type { SagaDefinition, SagaStep } from '../../model/saga.ts';
import type { OfUse } from './steps.ts';

/** Names of the sagas of modules: first those of a use, then those of a package of functions. */
export const MODULE_SAGAS = {
  install: 'install-module',
  upgrade: 'upgrade-module',
  rollback: 'rollback-module',
  configure: 'configure-module',
  remove: 'remove-module',
  add: 'add-package',
  rollbackPackage: 'rollback-package',
  removePackage: 'remove-package',
} as const;

/** Sagas of different modules that run at once. */
const WINDOW = 8;

/** Sagas of one name run one after the other. */
export function define<P extends OfUse>(
  name: string,
  parse: (raw: unknown) => P,
  steps: readonly SagaStep<P>[],
): SagaDefinition {
  const definition: SagaDefinition<P> = {
    name,
    parse,
    steps,
    pivot: 'record',
    window: WINDOW,
    exclusive: (raw) => `module ${(raw as OfUse).name}`,
  };
  return definition as SagaDefinition;
}
