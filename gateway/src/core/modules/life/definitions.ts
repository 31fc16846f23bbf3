/** The life of a module as sagas: install, upgrade, roll back, configure, remove. Each is a list of steps and the pivot from which it only goes forward. */
import { GatewayError } from '../../../base/errors.ts';
import type { SagaDefinition } from '../../model/saga.ts';
import type { ModuleUse } from '../use.ts';
import { type CanaryTerms, DEFAULT_TERMS } from './canary-terms.ts';
import { define, MODULE_SAGAS } from './define.ts';
import { addPackage, removePackage, rollbackPackage } from './package-sagas.ts';
import {
  type ConfigureParameters,
  type InstallParameters,
  parseConfigure,
  parseInstall,
  parseOfUse,
  parseUpgrade,
  type UpgradeParameters,
} from './parameters.ts';
import type { LifePorts, PackageFacts } from './ports.ts';
import {
  canaryStep,
  compareStep,
  DONE,
  type Exchange,
  endlessStep,
  keepStep,
  type OfUse,
  plannedOf,
  recordStep,
  requireTrust,
  requireUse,
  settleStep,
  step,
  switchStep,
  watchStep,
} from './steps.ts';

export function moduleSagas(ports: LifePorts): SagaDefinition[] {
  return [
    installModule(ports),
    upgradeModule(ports),
    rollbackModule(ports),
    configureModule(ports),
    removeModule(ports),
    addPackage(ports),
    rollbackPackage(ports),
    removePackage(ports),
  ];
}

interface Installed {
  readonly facts: PackageFacts;
  readonly to: ModuleUse;
  /** The same use ran before the saga: taking the saga back leaves it. */
  readonly wasThere: boolean;
}

/** plan → keep → start → record → settle. */
export function installModule(ports: LifePorts): SagaDefinition {
  const { packages, runner } = ports;
  const useOf = (context: Parameters<typeof plannedOf>[0]) => plannedOf<Installed>(context).to;
  return define<InstallParameters>(MODULE_SAGAS.install, parseInstall, [
    step(
      'plan',
      async ({ parameters: { digest, name, inputs, enabled } }) => {
        const facts = await packages.judge(digest);
        const there = runner.useOf(name);
        const to: ModuleUse = {
          ...{ name, module: facts.id, version: facts.version, previous: null, enabled, inputs },
          origin: 'installed',
        };
        if (there !== undefined && JSON.stringify(there) !== JSON.stringify(to)) {
          throw new GatewayError(
            'conflict',
            `module ${name}: ${there.module} ${there.version ?? ''} runs under this name`,
            {
              hint: 'Take another name, or use `tidegate module upgrade`.',
            },
          );
        }
        return { kind: 'done', result: { facts, to, wasThere: there !== undefined } satisfies Installed };
      },
      ({ parameters }) => packages.discard(parameters.digest),
    ),
    keepStep(ports),
    step(
      'start',
      async (context) => {
        const to = useOf(context);
        if (JSON.stringify(runner.useOf(to.name)) === JSON.stringify(to)) return DONE;
        return { kind: 'done', result: { notCarried: await runner.put(to) } };
      },
      async (context) => {
        if (!plannedOf<Installed>(context).wasThere) await runner.remove(useOf(context).name);
      },
    ),
    recordStep(ports, useOf, true),
    settleStep(ports, useOf),
  ]);
}

type Upgrade = Exchange & { readonly facts: PackageFacts };

/** plan → keep → canary → compare → switch → watch → record → settle. */
export function upgradeModule(ports: LifePorts): SagaDefinition {
  const useOf = (context: Parameters<typeof plannedOf>[0]) => plannedOf<Upgrade>(context).to;
  return define<UpgradeParameters>(MODULE_SAGAS.upgrade, parseUpgrade, [
    step(
      'plan',
      async ({ parameters: { digest, name } }) => {
        const facts = await ports.packages.judge(digest);
        const from = requireUse(ports, name);
        if (from.module !== facts.id) {
          throw new GatewayError(
            'denied',
            `module ${name}: a package of ${from.module} expected, of ${facts.id} found`,
            {
              hint: 'Another module needs a name of its own: `tidegate module install`.',
            },
          );
        }
        requireTrust(name, ports.runner.trustOf(name), facts);
        const version = from.version;
        if (version === facts.version) {
          throw new GatewayError('conflict', `module ${name}: version ${version} runs already`);
        }
        const to: ModuleUse = { ...from, version: facts.version, previous: version };
        return { kind: 'done', result: { facts, from, to } satisfies Upgrade };
      },
      ({ parameters }) => ports.packages.discard(parameters.digest),
    ),
    keepStep(ports),
    canaryStep(ports),
    compareStep(ports, ({ terms }) => terms),
    switchStep(ports),
    watchStep(ports, ({ terms }) => terms.watchMs, 'canary'),
    recordStep(ports, useOf, true),
    settleStep(ports, useOf),
  ]);
}

/** plan → canary → switch → record → settle: back to the version before, without waiting for a comparison. */
export function rollbackModule(ports: LifePorts): SagaDefinition {
  const useOf = (context: Parameters<typeof plannedOf>[0]) => plannedOf<Exchange>(context).to;
  return define<OfUse>(MODULE_SAGAS.rollback, parseOfUse, [
    step('plan', async ({ parameters: { name } }) => {
      const from = requireUse(ports, name);
      if (from.previous === null) {
        throw new GatewayError('conflict', `module ${name}: there is no version to go back to`);
      }
      const to: ModuleUse = { ...from, version: from.previous, previous: from.version };
      ports.runner.check(to);
      return { kind: 'done', result: { from, to } satisfies Exchange };
    }),
    canaryStep(ports),
    switchStep(ports),
    recordStep(ports, useOf, false),
    settleStep(ports, useOf),
  ]);
}

/** plan → apply → watch → record → settle. */
export function configureModule(ports: LifePorts): SagaDefinition {
  const { runner } = ports;
  const useOf = (context: Parameters<typeof plannedOf>[0]) => plannedOf<Exchange>(context).to;
  const terms: CanaryTerms = DEFAULT_TERMS;
  return define<ConfigureParameters>(MODULE_SAGAS.configure, parseConfigure, [
    step('plan', async ({ parameters: { name, inputs, enabled } }) => {
      const from = changeable(requireUse(ports, name));
      const to: ModuleUse = { ...from, inputs: inputs ?? from.inputs, enabled: enabled ?? from.enabled };
      runner.check(to);
      return { kind: 'done', result: { from, to } satisfies Exchange };
    }),
    step(
      'apply',
      async (context) => ({ kind: 'done', result: { notCarried: await runner.put(useOf(context)) } }),
      async (context) => void (await runner.put(plannedOf<Exchange>(context).from)),
    ),
    watchStep(ports, ({ watchMs }) => watchMs ?? terms.watchMs / 5, 'apply'),
    recordStep(ports, useOf, false),
    settleStep(ports, useOf),
  ]);
}

/** plan → stop → record → settle. What the module kept for itself goes with it. */
export function removeModule(ports: LifePorts): SagaDefinition {
  const { runner, uses, packages } = ports;
  const useOf = (context: Parameters<typeof plannedOf>[0]) => plannedOf<ModuleUse>(context);
  return define<OfUse>(MODULE_SAGAS.remove, parseOfUse, [
    step('plan', async ({ parameters: { name } }) => ({ kind: 'done', result: changeable(requireUse(ports, name)) })),
    step(
      'stop',
      async (context) => {
        await runner.remove(useOf(context).name);
        return DONE;
      },
      async (context) => void (await runner.put(useOf(context))),
    ),
    endlessStep('record', async (context) => {
      await uses.remove(useOf(context).name);
      return DONE;
    }),
    endlessStep('settle', async (context) => {
      const { name, module } = useOf(context);
      await runner.remove(name);
      await runner.forget(name);
      await packages.prune(module);
      return DONE;
    }),
  ]);
}

/** What the configuration file says is changed there. */
function changeable(use: ModuleUse): ModuleUse {
  if (use.origin === 'installed') return use;
  throw new GatewayError('denied', `module ${use.name}: it stands in the configuration file`, {
    hint: 'Change it there, and start the gateway again.',
  });
}
