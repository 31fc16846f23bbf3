/** The life of a package of functions as sagas: added or made newer, rolled back, removed. Its uses stand in the configuration. */
import { GatewayError } from '../../../base/errors.ts';
import type { SagaDefinition, SagaStep } from '../../model/saga.ts';
import type { FunctionPackage } from '../use.ts';
import { define, MODULE_SAGAS } from './define.ts';
import { type AddParameters, parseAdd, parseOfUse } from './parameters.ts';
import type { LifePorts, PackageFacts } from './ports.ts';
import { DONE, endlessStep, keepStep, type OfUse, plannedOf, requireTrust, step } from './steps.ts';

/** What the first step of each has found out. */
interface Planned {
  /** What functions are to run of the package. */
  readonly to: FunctionPackage;
}

interface Added extends Planned {
  readonly facts: PackageFacts;
}

/** plan → keep → start → record → settle. Functions that are of the module run the new version from `start` on. */
export function addPackage(ports: LifePorts): SagaDefinition {
  const { packages, uses, functions } = ports;
  return define<AddParameters>(MODULE_SAGAS.add, parseAdd, [
    step(
      'plan',
      async ({ parameters: { digest, name } }) => {
        const facts = await packages.judge(digest);
        const { id: module, version, kind } = facts;
        if (module !== name || kind !== 'function') {
          throw new GatewayError('invalid', `package: function ${name} expected, ${kind} module ${module} found`);
        }
        requireTrust(module, functions.trustOf(module), facts);
        const from = functions.packageOf(module);
        const isThere = from?.version === version;
        const to = isThere ? from : { module, version, previous: from?.version ?? packages.ofProgram(module) };
        return { kind: 'done', result: { facts, to } satisfies Added };
      },
      ({ parameters }) => packages.discard(parameters.digest),
    ),
    keepStep(ports),
    startStep(ports),
    endlessStep('record', async (context) => {
      const { to } = plannedOf<Added>(context);
      await uses.putPackage(to);
      await uses.raiseFloor(to.module, to.version);
      return DONE;
    }),
    settleStep(ports),
  ]);
}

/** plan → start → record → settle: back to the version before; the same again goes forward. */
export function rollbackPackage(ports: LifePorts): SagaDefinition {
  const { uses, functions } = ports;
  return define<OfUse>(MODULE_SAGAS.rollbackPackage, parseOfUse, [
    step('plan', async ({ parameters: { name } }) => {
      const { module, version, previous } = requirePackage(ports, name);
      if (previous === null) {
        throw new GatewayError('conflict', `module ${name}: there is no version to go back to`);
      }
      functions.check(module, previous);
      const to = { module, version: previous, previous: version };
      return { kind: 'done', result: { to } satisfies Planned };
    }),
    startStep(ports),
    endlessStep('record', async (context) => {
      await uses.putPackage(plannedOf<Planned>(context).to);
      return DONE;
    }),
    settleStep(ports),
  ]);
}

/** plan → record → settle. Nothing is stopped: it is refused while the configuration names the module. */
export function removePackage(ports: LifePorts): SagaDefinition {
  const { uses, packages, functions } = ports;
  return define<OfUse>(MODULE_SAGAS.removePackage, parseOfUse, [
    step('plan', async ({ parameters: { name } }) => {
      requirePackage(ports, name);
      const users = functions.usersOf(name);
      if (users.length === 0) return DONE;
      throw new GatewayError('conflict', `module ${name}: no function of it expected, ${users.join(', ')} found`, {
        hint: 'Take what uses it out of [[function]] in the configuration, and start the gateway again.',
      });
    }),
    endlessStep('record', async ({ parameters: { name } }) => {
      await uses.removePackage(name);
      return DONE;
    }),
    endlessStep('settle', async ({ parameters: { name } }) => {
      await packages.prune(name);
      return DONE;
    }),
  ]);
}

function startStep<P extends OfUse>({ functions }: LifePorts): SagaStep<P> {
  return step<P>(
    'start',
    async (context) => {
      const { module, version } = plannedOf<Planned>(context).to;
      await functions.put(module, version);
      return DONE;
    },
    ({ parameters: { name } }) => functions.restore(name),
  );
}

/** What was recorded runs, also when the gateway was started in between; what is not needed any more goes. */
function settleStep<P extends OfUse>({ packages, functions }: LifePorts): SagaStep<P> {
  return endlessStep<P>('settle', async ({ parameters }) => {
    await functions.restore(parameters.name);
    const { digest } = parameters as { digest?: string };
    if (digest !== undefined) await packages.discard(digest);
    await packages.prune(parameters.name);
    return DONE;
  });
}

function requirePackage({ functions }: LifePorts, name: string): FunctionPackage {
  const found = functions.packageOf(name);
  if (found !== undefined) return found;
  throw new GatewayError('not_found', `module ${name}: no package of functions is installed under this name`, {
    hint: 'See `tidegate module list`.',
  });
}
